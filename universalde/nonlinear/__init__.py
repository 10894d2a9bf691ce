"""Systems of equations inside a step."""
