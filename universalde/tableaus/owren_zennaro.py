"""Continuous pairs by Owren and Zennaro: the dense output has the order of the method at no further stage."""

from .tableau import Tableau

__all__ = ["OWRENZEN3", "OWRENZEN4", "OWRENZEN5"]

OWRENZEN3 = Tableau(
    "OwrenZen3",
    3,
    a="""
        -
        12/23
        -68/375 368/375
        31/144 529/1152 125/384
    """,
    b="31/144 529/1152 125/384 0",
    error="-25/144 575/1152 -125/384 0",
    error_order=2,
    interpolant="""
        1 -65/48 41/72
        0 529/384 -529/576
        0 125/128 -125/192
        0 -1 1
    """,
    reference="B. Owren and M. Zennaro, Derivation of efficient, continuous, explicit Runge–Kutta methods, SIAM Journal on Scientific and Statistical Computing 13 (1992) 1488–1501",
    proved=True,
)

OWRENZEN4 = Tableau(
    "OwrenZen4",
    4,
    a="""
        -
        1/6
        44/1369 363/1369
        3388/4913 -8349/4913 8140/4913
        -36764/408375 767/1125 -32708/136125 210392/408375
        1697/18876 0 50653/116160 299693/1626240 3375/11648
    """,
    b="1697/18876 0 50653/116160 299693/1626240 3375/11648 0",
    error="1185/6292 0 -4107/7744 68493/108416 -3375/11648 0",
    error_order=3,
    interpolant="""
        1 -104217/37466 1806901/618189 -866577/824252
        0 0 0 0
        0 861101/230560 -2178079/380424 12308679/5072320
        0 -63869/293440 6244423/5325936 -7816583/10144640
        0 -1522125/762944 982125/190736 -624375/217984
        0 165/131 -461/131 296/131
    """,
    reference="B. Owren and M. Zennaro, Derivation of efficient, continuous, explicit Runge–Kutta methods, SIAM Journal on Scientific and Statistical Computing 13 (1992) 1488–1501",
    proved=True,
)

OWRENZEN5 = Tableau(
    "OwrenZen5",
    5,
    a="""
        -
        1/6
        1/16 3/16
        1/4 -3/4 1
        -3/4 15/4 -3 1/2
        369/1372 -243/343 297/343 1485/9604 297/4802
        -133/4512 1113/6016 7945/16544 -12845/24064 -315/24064 156065/198528
        83/945 0 248/825 41/180 1/36 2401/38610 6016/20475
    """,
    b="83/945 0 248/825 41/180 1/36 2401/38610 6016/20475 0",
    error="-188/945 0 752/825 -89/45 -1/9 32242/19305 -6016/20475 0",
    error_order=4,
    interpolant="""
        1 -3292/819 17893/2457 -4969/819 596/315
        0 0 0 0 0
        0 5112/715 -43568/2145 1344/65 -1984/275
        0 -123/52 3161/234 -1465/78 118/15
        0 -63/52 1061/234 -413/78 2
        0 -40817/33462 60025/50193 2401/1521 -9604/6435
        0 18048/5915 -637696/53235 96256/5915 -48128/6825
        0 -18/13 75/13 -109/13 4
    """,
    reference="B. Owren and M. Zennaro, Derivation of efficient, continuous, explicit Runge–Kutta methods, SIAM Journal on Scientific and Statistical Computing 13 (1992) 1488–1501",
    proved=True,
)
