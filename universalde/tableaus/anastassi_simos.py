"""The method by Anastassi and Simos for orbital problems."""

from .tableau import Tableau

__all__ = ["ANAS5"]

# The limit of the coefficients for frequency zero; those of the paper depend on frequency times step size through its tangent.
ANAS5 = Tableau(
    "Anas5",
    5,
    a="""
        -
        1/10
        -2/9 5/9
        28/9 -40/9 2
        -1.409625 171/80 -0.2295 0.401625
        -32/9 5 -24/17 12/7 -800/1071
    """,
    b="23/216 0 63/136 9/56 1000/3213 -1/24",
    reference="Z. A. Anastassi and T. E. Simos, An optimized Runge–Kutta method for the solution of orbital problems, Journal of Computational and Applied Mathematics 175 (2005) 1–9",
    proved=True,
)
