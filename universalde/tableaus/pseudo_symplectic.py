"""Pseudo-symplectic methods: of order p, they preserve quadratic invariants to order q > p."""

from .tableau import Tableau

__all__ = ["PSRK3P5Q4", "PSRK3P6Q5", "PSRK4P7Q6"]

PSRK3P5Q4 = Tableau(
    "PSRK3p5q4",
    3,
    a="""
        -
        3/8
        11/12 -2/3
        -1/12 11/6 -3/4
    """,
    b="1/9 8/9 -2/9 2/9",
    reference="A. Aubry and P. Chartier, Pseudo-symplectic Runge–Kutta methods, BIT Numerical Mathematics 38 (1998) 439–461; F. Capuano, G. Coppola, L. Rández and L. de Luca, Explicit Runge–Kutta schemes for incompressible flow with improved energy-conservation properties, Journal of Computational Physics 328 (2017) 86–94",
    proved=True,
)

PSRK3P6Q5 = Tableau(
    "PSRK3p6q5",
    3,
    a="""
        -
        0.13502027922909
        -0.47268213605237 1.05980250415419
        -1.21650460595689 2.16217630216753 -0.37234592426536
        0.33274443036387 -0.20882668296587 1.87865617737921 -1.00257392477721
    """,
    b="0.04113894457092 0.26732123194414 0.86700906289955 -0.30547139552036 0.13000215610576",
    digits=12,
    reference="A. Aubry and P. Chartier, Pseudo-symplectic Runge–Kutta methods, BIT Numerical Mathematics 38 (1998) 439–461; F. Capuano, G. Coppola, L. Rández and L. de Luca, Explicit Runge–Kutta schemes for incompressible flow with improved energy-conservation properties, Journal of Computational Physics 328 (2017) 86–94",
    proved=True,
)

PSRK4P7Q6 = Tableau(
    "PSRK4p7q6",
    4,
    a="""
        -
        0.23593376536652
        0.34750735658424 -0.13561935398346
        -0.20592852403227 1.89179076622108 -0.89775024478958
        -0.09435493281455 1.75617141223762 -0.96707850476948 0.06932825997989
        0.14157883255197 -1.17039696277833 1.30579112376331 -2.20354136855289 2.92656837501595
    """,
    b="0.07078941627598 0.87808570611881 -0.44887512239479 -0.44887512239479 0.87808570611881 0.07078941627598",
    digits=12,
    reference="A. Aubry and P. Chartier, Pseudo-symplectic Runge–Kutta methods, BIT Numerical Mathematics 38 (1998) 439–461; F. Capuano, G. Coppola, L. Rández and L. de Luca, Explicit Runge–Kutta schemes for incompressible flow with improved energy-conservation properties, Journal of Computational Physics 328 (2017) 86–94",
    proved=True,
)
