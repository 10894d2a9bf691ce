"""The method by Mead and Renaut for pseudospectral derivatives."""

from .tableau import Tableau

__all__ = ["RKM"]

# The nodes are the published ones. The published weights meet the order conditions to 3e-11 only, so these are the weights that meet
# them: order three, and order four for linear problems.
RKM = Tableau(
    "RKM",
    3,
    a="""
        -
        0.167266187050662
        0 0.484574582244783
        0 0 0.536909403373491
        0 0 0 0.082069535961948
        0 0 0 0 0.853923000035347
    """,
    b="-0.028289441153607201937122495723924340662632529 0.463968918546564743689562030923293865329201156 -0.434414348749024172545234104543708723161285647 0.693796229099905138407085632627135189013596563 0 0.304938642256161492385708936717204009481120457",
    digits=38,
    reference="J. L. Mead and R. A. Renaut, Optimal Runge–Kutta methods for first order pseudospectral operators, Journal of Computational Physics 152 (1999) 404–419",
    proved=True,
)
