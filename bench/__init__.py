"""Measurements beside other solvers: `python -m bench [names]` prints tables and writes bench/README.md."""
