"""How derivatives pass through a solve."""
