"""Ends."""

ENDS = {}
