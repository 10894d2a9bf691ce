"""Ends."""
ENDS = {}
