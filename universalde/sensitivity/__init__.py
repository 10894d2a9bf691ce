"""Continuous adjoints: the adjoint equation as a problem of its own."""
