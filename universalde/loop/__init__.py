"""The loop: attempt, judge, locate, record."""
