"""The explicit Runge–Kutta methods by name; a table is read at the first call of its method."""

from .explicit import ExplicitRow as Row
from .ssp import SSPRow

__all__ = [
    "ABSENT", "Alshina2", "Alshina3", "Alshina6", "Anas5", "BS3", "BS5", "DP5", "DP8", "Euler", "FRK65",
    "Feagin10", "Feagin12", "Feagin14", "Heun", "KYK2014DGSSPRK_3S2", "KYKSSPRK42", "MSRK5", "MSRK6", "Midpoint",
    "OwrenZen3", "OwrenZen4", "OwrenZen5", "PFRK87", "PSRK3p5q4", "PSRK3p6q5", "PSRK4p7q6", "QPRK98", "RK4",
    "RKM", "RKV76IIa", "ROWS", "Ralston", "Ralston4", "SIR54", "SSPRK104", "SSPRK22", "SSPRK33", "SSPRK43",
    "SSPRK432", "SSPRK53", "SSPRK53_2N1", "SSPRK53_2N2", "SSPRK53_H", "SSPRK54", "SSPRK63", "SSPRK73", "SSPRK83",
    "SSPRK932", "Stepanov5", "TanYam7", "Tsit5", "TsitPap8", "Vern6", "Vern6Robust", "Vern7", "Vern7Robust",
    "Vern8", "Vern8Robust", "Vern9", "Vern9Robust",
]  # fmt: skip

Tsit5 = Row(
    "Tsit5",
    "tsitouras",
    "Tsitouras' 5(4) pair with its free fourth-order interpolant: the default for problems that are not stiff.",
)

DP5 = Row(
    "DP5", "dormand_prince", "Dormand and Prince's 5(4) pair, known as RK45 and ode45, with its free interpolant."
)
DP8 = Row(
    "DP8",
    "dormand_prince",
    "DOP853: Dormand and Prince's method of order 8 with an estimate made of orders 5 and 3 and an interpolant of order 7.",
)

Vern6 = Row(
    "Vern6", "verner", "Verner's most efficient 6(5) pair with an interpolant of order 6: tolerances of 1e-6 to 1e-9."
)
Vern7 = Row(
    "Vern7", "verner", "Verner's most efficient 7(6) pair with an interpolant of order 6: tolerances of 1e-8 to 1e-12."
)
Vern8 = Row(
    "Vern8", "verner", "Verner's most efficient 8(7) pair with an interpolant of order 8: tolerances of 1e-9 to 1e-13."
)
Vern9 = Row(
    "Vern9",
    "verner",
    "Verner's most efficient 9(8) pair with an interpolant of order 9: tolerances of 1e-10 down to rounding.",
)

Vern6Robust = Row(
    "Vern6Robust",
    "verner_conventional",
    "Verner's most robust 6(5) pair: smaller coefficients than Vern6, larger errors.",
)
Vern7Robust = Row(
    "Vern7Robust",
    "verner_conventional",
    "Verner's most robust 7(6) pair: smaller coefficients than Vern7, larger errors.",
)
Vern8Robust = Row(
    "Vern8Robust",
    "verner_conventional",
    "Verner's most robust 8(7) pair: smaller coefficients than Vern8, larger errors.",
)
Vern9Robust = Row(
    "Vern9Robust",
    "verner_conventional",
    "Verner's most robust 9(8) pair: smaller coefficients than Vern9 at about the same error.",
)
RKV76IIa = Row(
    "RKV76IIa", "verner_conventional", "Verner's 7(6) pair of 2024, whose leading error is half that of Vern7."
)

Euler = Row("Euler", "classical", "Euler's method, of order 1 and fixed step size.")
Heun = Row(
    "Heun",
    "classical",
    "Heun's method of order 2, the trapezoidal rule made explicit, with Euler's method as estimate.",
)
Midpoint = Row("Midpoint", "classical", "Runge's midpoint method of order 2 with Euler's method as estimate.")
Ralston = Row(
    "Ralston",
    "classical",
    "Ralston's method of order 2, with the smallest error of two stages, with Euler's method as estimate.",
)
RK4 = Row("RK4", "classical", "The classical Runge–Kutta method of order 4, of fixed step size.")
Ralston4 = Row(
    "Ralston4",
    "classical",
    "Ralston's method of order 4, with the smallest error bound of four stages, of fixed step size.",
)

BS3 = Row("BS3", "bogacki_shampine", "Bogacki and Shampine's 3(2) pair, known as RK23 and ode23: loose tolerances.")
BS5 = Row(
    "BS5",
    "bogacki_shampine",
    "Bogacki and Shampine's 5(4) pair of small errors, with an interpolant of order 5 from three more stages.",
)

OwrenZen3 = Row(
    "OwrenZen3", "owren_zennaro", "Owren and Zennaro's continuous 3(2) pair: the interpolant has order 3 at no cost."
)
OwrenZen4 = Row(
    "OwrenZen4", "owren_zennaro", "Owren and Zennaro's continuous 4(3) pair: the interpolant has order 4 at no cost."
)
OwrenZen5 = Row(
    "OwrenZen5", "owren_zennaro", "Owren and Zennaro's continuous 5(4) pair: the interpolant has order 5 at no cost."
)

TsitPap8 = Row(
    "TsitPap8",
    "tsitouras_papakostas",
    "Tsitouras and Papakostas' 8(7) pair, derived for a cheap and reliable error estimate.",
)

TanYam7 = Row("TanYam7", "tanaka_yamashita", "Tanaka and Yamashita's optimised 7(6) pair.")

SIR54 = Row(
    "SIR54",
    "tsitouras_simos",
    "A 5(4) pair for right-hand sides that are quadratic in the state, as in epidemic models; in general of order 4(3).",
)
FRK65 = Row(
    "FRK65",
    "tsitouras_simos",
    "A 6(5) pair meant to be fitted to an oscillation, here with the coefficients of frequency zero.",
)
PFRK87 = Row("PFRK87", "tsitouras_simos", "A phase-fitted 8(7) pair, here with the coefficients of frequency zero.")
QPRK98 = Row(
    "QPRK98", "tsitouras_simos", "A 9(8) pair with large coefficients, derived for more than double precision."
)

Feagin10 = Row(
    "Feagin10", "feagin", "Feagin's method of order 10 with an estimate of order 8, for more than double precision."
)
Feagin12 = Row(
    "Feagin12", "feagin", "Feagin's method of order 12 with an estimate of order 10, for more than double precision."
)
Feagin14 = Row(
    "Feagin14", "feagin", "Feagin's method of order 14 with an estimate of order 12, for more than double precision."
)

Anas5 = Row(
    "Anas5",
    "anastassi_simos",
    "A method of order 5 for orbital problems, with the coefficients of frequency zero, of fixed step size.",
)

Stepanov5 = Row(
    "Stepanov5", "stepanov", "Stepanov's 5(4) pair of seven stages, the last being the first of the next step."
)
MSRK5 = Row("MSRK5", "stepanov", "Stepanov's method of order 5 with eight stages, of fixed step size.")
MSRK6 = Row("MSRK6", "stepanov", "Stepanov's method of order 6 with eight stages, of fixed step size.")

PSRK3p5q4 = Row(
    "PSRK3p5q4",
    "pseudo_symplectic",
    "A method of order 3 that keeps quadratic invariants to order 5 with four stages, of fixed step size.",
)
PSRK3p6q5 = Row(
    "PSRK3p6q5",
    "pseudo_symplectic",
    "A method of order 3 that keeps quadratic invariants to order 6 with five stages, of fixed step size.",
)
PSRK4p7q6 = Row(
    "PSRK4p7q6",
    "pseudo_symplectic",
    "A method of order 4 that keeps quadratic invariants to order 7 with six stages, of fixed step size.",
)

RKM = Row(
    "RKM",
    "mead_renaut",
    "A method of order 3 (4 for linear problems) for pseudospectral derivatives, of fixed step size.",
)

Alshina2 = Row(
    "Alshina2",
    "alshina",
    "The method of order 2 with the smallest error of two stages, with Euler's method as estimate.",
)
Alshina3 = Row(
    "Alshina3",
    "alshina",
    "The method of order 3 with the smallest error of three stages, with the midpoint method as estimate.",
)
Alshina6 = Row("Alshina6", "alshina", "A method of order 6 with seven stages and small errors, of fixed step size.")

SSPRK22 = SSPRow(
    "SSPRK22", "ssp", "Strong stability preserving, 2 stages and order 2; SSP coefficient 1, of fixed step size."
)
SSPRK33 = SSPRow(
    "SSPRK33", "ssp", "Strong stability preserving, 3 stages and order 3; SSP coefficient 1, of fixed step size."
)
SSPRK53 = SSPRow(
    "SSPRK53", "ssp", "Strong stability preserving, 5 stages and order 3; SSP coefficient 2.65, of fixed step size."
)
SSPRK53_2N1 = SSPRow(
    "SSPRK53_2N1",
    "ssp",
    "Strong stability preserving, 5 stages and order 3 for two registers; SSP coefficient 2.18, of fixed step size.",
)
SSPRK53_2N2 = SSPRow(
    "SSPRK53_2N2",
    "ssp",
    "Strong stability preserving, 5 stages and order 3 for two registers; SSP coefficient 2.148, of fixed step size.",
)
SSPRK53_H = SSPRow(
    "SSPRK53_H",
    "ssp",
    "Strong stability preserving, 5 stages and order 3 for few registers; SSP coefficient 2.65, of fixed step size.",
)
SSPRK63 = SSPRow(
    "SSPRK63", "ssp", "Strong stability preserving, 6 stages and order 3; SSP coefficient 3.518, of fixed step size."
)
SSPRK73 = SSPRow(
    "SSPRK73", "ssp", "Strong stability preserving, 7 stages and order 3; SSP coefficient 4.288, of fixed step size."
)
SSPRK83 = SSPRow(
    "SSPRK83", "ssp", "Strong stability preserving, 8 stages and order 3; SSP coefficient 5.107, of fixed step size."
)
SSPRK43 = SSPRow(
    "SSPRK43",
    "ssp",
    "Strong stability preserving, 4 stages and order 3; SSP coefficient 2, with an estimate of order 2.",
)
SSPRK432 = SSPRow(
    "SSPRK432",
    "ssp",
    "Strong stability preserving, 4 stages and order 3, with the older estimate; SSP coefficient 2, with an estimate of order 2.",
)
SSPRK932 = SSPRow(
    "SSPRK932",
    "ssp",
    "Strong stability preserving, 9 stages and order 3; SSP coefficient 6, with an estimate of order 2.",
)
SSPRK54 = SSPRow(
    "SSPRK54", "ssp", "Strong stability preserving, 5 stages and order 4; SSP coefficient 1.508, of fixed step size."
)
SSPRK104 = SSPRow(
    "SSPRK104", "ssp", "Strong stability preserving, 10 stages and order 4; SSP coefficient 6, of fixed step size."
)
KYKSSPRK42 = Row(
    "KYKSSPRK42",
    "ssp",
    "Strong stability preserving, 4 stages and order 2 for discontinuous Galerkin methods; SSP coefficient 2.284, of fixed step size.",
)
KYK2014DGSSPRK_3S2 = Row(
    "KYK2014DGSSPRK_3S2",
    "ssp",
    "Strong stability preserving, 3 stages and order 2 for discontinuous Galerkin methods; SSP coefficient 1.894, of fixed step size.",
)

ROWS = {
    row.__name__: row
    for row in (
        Tsit5, DP5, DP8, Vern6, Vern7, Vern8, Vern9, Vern6Robust, Vern7Robust, Vern8Robust, Vern9Robust, RKV76IIa,
        Euler, Heun, Midpoint, Ralston, RK4, Ralston4, BS3, BS5, OwrenZen3, OwrenZen4, OwrenZen5, TsitPap8,
        TanYam7, SIR54, FRK65, PFRK87, QPRK98, Feagin10, Feagin12, Feagin14, Anas5, Stepanov5, MSRK5, MSRK6,
        PSRK3p5q4, PSRK3p6q5, PSRK4p7q6, RKM, Alshina2, Alshina3, Alshina6, SSPRK22, SSPRK33, SSPRK53,
        SSPRK53_2N1, SSPRK53_2N2, SSPRK53_H, SSPRK63, SSPRK73, SSPRK83, SSPRK43, SSPRK432, SSPRK932, SSPRK54,
        SSPRK104, KYKSSPRK42, KYK2014DGSSPRK_3S2,
    )  # fmt: skip
}

# Explicit methods that have no row, and why.
ABSENT = {
    "RKO65": "its first stage is evaluated away from the start of the step, which a tableau whose nodes are sums of rows does not hold",
    "FRK65 and PFRK87 with a frequency": "the coefficients are functions of frequency times step size, so there is no row; the rows are those of frequency zero",
    "Anas5 with a frequency": "the coefficients are functions of frequency times step size, so there is no row; the row is that of frequency zero",
    "pRRK22": "its coefficients are functions of the step size, so there is no row; without its parameter it is SSPRK22",
    "pRRK33": "its coefficients are functions of the step size, so there is no row; without its parameter it is SSPRK33",
    "pRRK54": "its coefficients are functions of the step size, so there is no row; without its parameter it is SSPRK54",
    "SSPRKMSVS32": "a linear multistep method, not a Runge–Kutta method",
    "SSPRKMSVS43": "a linear multistep method, not a Runge–Kutta method",
    "SplitEuler": "a method for split problems",
}
