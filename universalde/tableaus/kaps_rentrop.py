"""Rosenbrock methods of order four with four stages and three evaluations."""

from .rosenbrock_table import RosenbrockTableau

__all__ = ["GRK4A", "GRK4T", "ROS4LSTAB", "ROSSHAMP4", "VELDD4", "VELDS4"]

KAPS = "P. Kaps and P. Rentrop, Generalized Runge–Kutta methods of order four with stepsize control for stiff ordinary differential equations, Numerische Mathematik 33 (1979) 55–68"
VELDHUIZEN = "M. van Veldhuizen, D-stability and Kaps–Rentrop methods, Computing 32 (1984) 229–237"

GRK4T = RosenbrockTableau.transformed(
    "GRK4T",
    4,
    gamma="0.231",
    a="""
        -
        2
        4.524708207373116 4.163528788597648
        4.524708207373116 4.163528788597648 0
    """,
    c="""
        -
        -5.071675338776316
        6.020152728650786 0.1597506846727117
        -1.856343618686113 -8.505380858179826 -2.084075136023187
    """,
    m="3.957503746640777 4.624892388363313 0.6174772638750108 1.282612945269037",
    error="2.302155402932996 3.073634485392623 -0.8732808018045032 -1.282612945269037",
    nodes="0 0.462 0.8802083333333334 0.8802083333333334",
    time_weights="0.231 -0.03962966775244303 0.5507789395789127 -0.05535098457052764",
    digits=15,
    reference=KAPS,
    proved=True,
)

GRK4A = RosenbrockTableau.transformed(
    "GRK4A",
    4,
    gamma="0.395",
    a="""
        -
        1.108860759493671
        2.37708526198336 0.1850114988899692
        2.37708526198336 0.1850114988899692 0
    """,
    c="""
        -
        -4.920188402397641
        1.055588686048583 3.351817267668938
        3.846869007049313 3.42710924126818 -2.162408848753263
    """,
    m="1.84568324040584 0.1369796894360503 0.7129097783291559 0.6329113924050632",
    error="0.04831870177201765 -0.6471108651049505 0.218687666050024 -0.6329113924050632",
    nodes="0 0.438 0.87 0.87",
    time_weights="0.395 -0.372672395484092 0.06629196544571492 0.4340946962568634",
    digits=15,
    reference=KAPS,
    proved=True,
)

ROSSHAMP4 = RosenbrockTableau.transformed(
    "RosShamp4",
    4,
    gamma="1/2",
    a="""
        -
        2
        1.92 0.24
        1.92 0.24 0
    """,
    c="""
        -
        -8
        372/25 12/5
        -112/125 -54/125 -2/5
    """,
    m="19/9 1/2 25/108 125/108",
    error="17/54 7/36 0 125/108",
    nodes="0 1 0.6 0.6",
    time_weights="1/2 -3/2 121/50 29/250",
    reference="L. F. Shampine, Implementation of Rosenbrock methods, ACM Transactions on Mathematical Software 8 (1982) 93–113",
    proved=True,
)

VELDD4 = RosenbrockTableau.transformed(
    "Veldd4",
    4,
    gamma="0.2257081148225682",
    a="""
        -
        2
        4.812234362695436 4.578146956747842
        4.812234362695436 4.578146956747842 0
    """,
    c="""
        -
        -5.333333333333331
        6.100529678848254 1.804736797378427
        -2.540515456634749 -9.443746328915205 -1.988471753215993
    """,
    m="4.289339254654537 5.036098482851414 0.6085736420673917 1.355958941201148",
    error="2.175672787531755 2.950911222575741 -0.785974454488743 -1.355958941201148",
    nodes="0 0.4514162296451364 0.8755928946018455 0.8755928946018455",
    time_weights="0.2257081148225682 -0.04599403502680582 0.5177590504944076 -0.03805623938054428",
    digits=15,
    reference=VELDHUIZEN,
    proved=True,
)

VELDS4 = RosenbrockTableau.transformed(
    "Velds4",
    4,
    gamma="1/2",
    a="""
        -
        2
        1.75 0.25
        1.75 0.25 0
    """,
    c="""
        -
        -8
        -8 -1
        1/2 -1/2 2
    """,
    m="4/3 2/3 -4/3 4/3",
    error="-1/3 -1/3 0 -4/3",
    nodes="0 1 0.5 0.5",
    time_weights="1/2 -3/2 -3/4 1/4",
    reference=VELDHUIZEN,
    proved=True,
)

ROS4LSTAB = RosenbrockTableau.transformed(
    "Ros4LStab",
    4,
    gamma="0.57282",
    a="""
        -
        2
        1.867943637803922 0.2344449711399156
        1.867943637803922 0.2344449711399156 0
    """,
    c="""
        -
        -7.13761503641231
        2.580708087951457 0.6515950076447975
        -2.137148994382534 -0.3214669691237626 -0.6949742501781779
    """,
    m="2.255570073418735 0.2870493262186792 0.435317943184018 1.093502252409163",
    error="-0.2815431932141155 -0.0727619912493892 -0.1082196201495311 -1.093502252409163",
    nodes="0 1.14564 0.65521686381559 0.65521686381559",
    time_weights="0.57282 -1.769193891319233 0.7592633437920482 -0.104902108710045",
    digits=15,
    reference="E. Hairer and G. Wanner, Solving Ordinary Differential Equations II, 2nd edition, Springer (1996), IV.7, table 7.2",
    proved=True,
)
