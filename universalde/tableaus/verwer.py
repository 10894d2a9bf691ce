"""Rosenbrock methods of two to four stages for chemistry and for parabolic problems, and W-methods of order four."""

from fractions import Fraction
from math import isqrt

from .numbers import ROOT_OF_TWO
from .rosenbrock_table import RosenbrockTableau

__all__ = ["ROK4A", "ROS2", "ROS3", "ROS3P", "ROSENBROCKW6S4OS"]

ROOT_OF_THREE = Fraction(isqrt(3 * 10**120), 10**60)
TWO, THREE = 1 + ROOT_OF_TWO / 2, Fraction(1, 2) + ROOT_OF_THREE / 6

ROS2 = RosenbrockTableau(
    "ROS2",
    2,
    gamma=TWO,
    alpha="-\n1",
    gammas=((), (-2 * TWO,)),
    b="1/2 1/2",
    error="-1/2 1/2",
    inexact=True,
    digits=60,
    reference="J. G. Verwer, E. J. Spee, J. G. Blom and W. Hundsdorfer, A second-order Rosenbrock method applied to photochemical dispersion problems, SIAM Journal on Scientific Computing 20 (1999) 1456–1480",
    proved=True,
)

ROS3P = RosenbrockTableau(
    "ROS3P",
    3,
    gamma=THREE,
    alpha="-\n1\n1 0",
    gammas=((), (-1,), (-THREE, Fraction(1, 2) - 2 * THREE)),
    b="2/3 0 1/3",
    error="1/3 -1/3 0",
    digits=60,
    reference="J. Lang and J. Verwer, ROS3P: an accurate third-order Rosenbrock solver designed for parabolic problems, BIT Numerical Mathematics 41 (2001) 731–738",
    proved=True,
)

ROS3 = RosenbrockTableau.transformed(
    "ROS3",
    3,
    gamma="0.435866521508459",
    a="""
        -
        1
        1 0
    """,
    c="""
        -
        -1.0156171083877703
        4.07599564525377 9.20767942983308
    """,
    m="1 6.1697947043828245 -0.42772256543218573",
    error="0.49999999999999983 -2.907955871680547 0.22354069897811568",
    nodes="0 0.435866521508459 0.435866521508459",
    time_weights="0.435866521508459 0.24291996454816805 2.185138002766406",
    digits=15,
    reference="A. Sandu et al., Benchmarking stiff ODE solvers for atmospheric chemistry problems II: Rosenbrock solvers, Atmospheric Environment 31 (1997) 3459–3472",
    proved=True,
)

ROK4A = RosenbrockTableau.transformed(
    "ROK4a",
    4,
    gamma="0.572816062482135",
    a="""
        -
        1.745761101158346
        2.4703844781940627 0.6835475189193349
        1.6819503991264864 0.25286213499736193 -0.13856798941027462
    """,
    c="""
        -
        -5.825741115110917
        1.0021333747582308 0
        -2.0798465277651803 -0.7428770881288675 -0.5200138498012211
    """,
    m="2.6484813878883307 0.7862115756123027 0.3466758998674807 1.1638407341055639",
    error="0.3665053527208292 0.2997106934923117 -0.03500203986368344 1.1638407341055639",
    nodes="0 1 0.5 0.5",
    time_weights="0.572816062482135 -1.338715867278416 0.9016343030936702 0.19147495119907043",
    digits=15,
    reference="P. Tranquilli and A. Sandu, Rosenbrock–Krylov methods for large systems of differential equations, SIAM Journal on Scientific Computing 36 (2014) A1313–A1338",
    proved=True,
)

ROSENBROCKW6S4OS = RosenbrockTableau.transformed(
    "RosenbrockW6S4OS",
    4,
    gamma="0.25",
    a="""
        -
        0.5812383407115008
        0.903962441371467 1.861519155534501
        2.076579719675 0.1884255381414796 1.870158967491032
        4.435550638484312 5.457181798610189 4.61635078806893 3.118111952402361
        10.79170169848326 -10.05691522584131 14.99564485428419 5.274339954390943 1.42973087126119
    """,
    c="""
        -
        -2.661294105131369
        -3.128450202373838 0
        -6.920335474535658 -1.202675288266817 -9.73356181141362
        -28.09530629102695 20.37126295479377 -41.04375275302869 -19.66373175620895
        9.7998186780974 11.93579288660318 3.673874929013201 14.8078285410955 0.831858399869068
    """,
    m="6.456217074653235 -4.853141317768053 9.76531833406926 2.081084177278723 0.6603936866352417 0.6",
    nodes="0 0.1453095851778752 0.3817422770256738 0.6367813704374599 0.7560744496323561 0.927104723987567",
    time_weights="0.25 0.0836691184292894 0.0544718623516351 -0.3402289722355864 0.0337651588339529 -0.090307426761854",
    inexact=True,
    digits=15,
    reference="A. Rahunanthan and D. Stanescu, High-order W-methods, Journal of Computational and Applied Mathematics 233 (2010) 1798–1811",
    proved=True,
)
