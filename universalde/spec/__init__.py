"""The nouns as data; no algorithms."""
