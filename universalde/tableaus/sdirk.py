"""Diagonally implicit methods of two to five stages, the classical rules among them."""

from fractions import Fraction

from .dirk_table import DirkTableau
from .numbers import ROOT_OF_TWO

__all__ = [
    "CASH4", "CFNLIRK3", "HAIRER4", "HAIRER42", "IMPLICITEULER", "IMPLICITMIDPOINT", "MEBDF2", "SDIRK2", "SDIRK22", "SSPSDIRK2",
    "TRAPEZOID", "TRBDF2",
]  # fmt: skip

HAIRER = "E. Hairer and G. Wanner, Solving Ordinary Differential Equations II, 2nd edition, Springer (1996), IV.6"
ALEXANDER = "R. Alexander, Diagonally implicit Runge–Kutta methods for stiff ODEs, SIAM Journal on Numerical Analysis 14 (1977) 1006–1021"

# The derivative at the start of the step, which is known from the step before, gives Euler's method an estimate: the difference
# from the trapezoidal rule.
IMPLICITEULER = DirkTableau(
    "ImplicitEuler",
    1,
    a="""
        0
        0 1
    """,
    embedded="1/2 1/2",
    embedded_order=2,
    reference=HAIRER.replace("IV.6", "IV.3"),
)

IMPLICITMIDPOINT = DirkTableau(
    "ImplicitMidpoint", 2, a="1/2", b="1", reference=HAIRER.replace("IV.6", "IV.3")
)

# Backward differences with a look ahead, written as stages: Euler steps to t + h and t + 2 h, and the step that corrects for the
# error that they show.
MEBDF2 = DirkTableau(
    "MEBDF2",
    2,
    a="""
        1
        1 1
        1/2 -1/2 1
    """,
    reference="J. R. Cash, The integration of stiff initial value problems in ODEs using modified extended backward differentiation "
    "formulae, Computers & Mathematics with Applications 9 (1983) 645–657",
)

TRAPEZOID = DirkTableau(
    "Trapezoid",
    2,
    a="""
        0
        1/2 1/2
    """,
    embedded="0 1",
    reference=HAIRER.replace("IV.6", "IV.3"),
)

_half = 1 - ROOT_OF_TWO / 2
_weight = ROOT_OF_TWO / 4
TRBDF2 = DirkTableau(
    "TRBDF2",
    2,
    a=((Fraction(0),), (_half, _half), (_weight, _weight, _half)),
    embedded=((1 - _weight) / 3, (1 + 3 * _weight) / 3, _half / 3),
    embedded_order=3,
    digits=60,
    reference="M. E. Hosea and L. F. Shampine, Analysis and implementation of TR-BDF2, Applied Numerical Mathematics 20 (1996) 21–37",
)

SDIRK2 = DirkTableau(
    "SDIRK2",
    2,
    a="""
        1
        -1 1
    """,
    b="1/2 1/2",
    embedded="1 0",
    reference="A. C. Hindmarsh et al., SUNDIALS: suite of nonlinear and differential/algebraic equation solvers, ACM Transactions on Mathematical Software 31 (2005) 363–396 (ARKODE_SDIRK_2_1_2)",
)

# The first stage alone, over the whole step, is the estimate's companion of order 1.
SDIRK22 = DirkTableau(
    "SDIRK22",
    2,
    a=((_half,), (1 - _half, _half)),
    embedded="1 0",
    digits=60,
    reference=ALEXANDER,
)

SSPSDIRK2 = DirkTableau(
    "SSPSDIRK2",
    2,
    a="""
        1/4
        1/2 1/4
    """,
    b="1/2 1/2",
    reference="D. I. Ketcheson, C. B. Macdonald and S. Gottlieb, Optimal implicit strong stability preserving Runge–Kutta methods, Applied Numerical Mathematics 59 (2009) 373–392",
)

_gamma = Fraction("0.43586652150845899941601945119355684")  # the middle root of x³ - 3x² + 3x/2 - 1/6
_first = (-6 * _gamma**2 + 16 * _gamma - 1) / 4
CFNLIRK3 = DirkTableau(
    "CFNLIRK3",
    3,
    a=((_gamma,), ((1 - _gamma) / 2, _gamma), (_first, 1 - _gamma - _first, _gamma)),
    digits=35,
    reference="M. P. Calvo, J. de Frutos and J. Novo, Linearly implicit Runge–Kutta methods for advection–reaction–diffusion equations, Applied Numerical Mathematics 37 (2001) 535–549; its implicit half is that of "
    + ALEXANDER,
)

CASH4 = DirkTableau(
    "Cash4",
    4,
    a="""
        0.435866521508
        -1.1358665215 0.435866521508
        1.08543330679 -0.721299828287 0.435866521508
        0.416349501547 0.190984004184 -0.118643265417 0.435866521508
        0.896869652944 0.0182725272734 -0.0845900310706 -0.266418670647 0.435866521508
    """,
    embedded="0.77669193291 0.0297472791484 -0.0267440239074 0.220304811849 0",
    digits=12,
    reference="J. R. Cash, Diagonally implicit Runge–Kutta formulae with error estimates, Journal of the Institute of Mathematics and its Applications 24 (1979) 293–301",
)

HAIRER4 = DirkTableau(
    "Hairer4",
    4,
    a="""
        1/4
        1/2 1/4
        17/50 -1/25 1/4
        371/1360 -137/2720 15/544 1/4
        25/24 -49/48 125/16 -85/12 1/4
    """,
    embedded="59/48 -17/96 225/32 -85/12 0",
    interpolant="""
        11/3 -463/72 217/36 -20/9
        11/2 -385/16 661/24 -10
        -125/18 20125/432 -8875/216 250/27
        0 -85/4 85/6 0
        -11/9 557/108 -359/54 80/27
    """,
    reference=HAIRER,
)

HAIRER42 = DirkTableau(
    "Hairer42",
    4,
    a="""
        4/15
        1/2 4/15
        51069/144200 -7809/144200 4/15
        12047244770625658/141474406359725325 -3057890203562191/47158135453241775 2239631894905804/28294881271945065 4/15
        181513/86430 -89074/116015 83636/34851 -69863904375173/23297141763930 4/15
    """,
    embedded="33665407/11668050 -2284766/15662025 11244716/4704885 -96203066666797/23297141763930 0",
    interpolant="""
        6.776439256624082 -14.066831911883533 16.204808856162565 -6.8143005003361985
        3.166691382949011 -14.034196189427504 15.497198116229603 -5.3974733381957005
        -1.9310469085972866 11.146663701107887 -6.9009212321038405 0.085120800673252
        -6.107728468864632 13.031255018633459 -19.734599430149146 9.812254180511282
        -0.9043552621112034 3.9231093815698106 -5.066486310139344 2.3143988573474035
    """,
    reference=HAIRER,
)
