"""The diagonally implicit Runge–Kutta methods by name; a table is read at the first call of its method."""

from .dirk import DirkRow as Row

__all__ = [
    "DIRK_ROWS", "CFNLIRK3", "Cash4", "ESDIRK325L2SA", "ESDIRK436L2SA2", "ESDIRK437L2SA", "ESDIRK547L2SA2",
    "ESDIRK54I8L2SA", "ESDIRK659L2SA", "Hairer4", "Hairer42", "ImplicitEuler", "ImplicitMidpoint", "KenCarp3",
    "KenCarp4", "KenCarp47", "KenCarp5", "KenCarp58", "Kvaerno3", "Kvaerno4", "Kvaerno5", "MEBDF2", "SDIRK2", "SDIRK22",
    "SFSDIRK4", "SFSDIRK5", "SFSDIRK6", "SFSDIRK7", "SFSDIRK8", "SSPSDIRK2", "TRBDF2", "Trapezoid",
]  # fmt: skip

TRBDF2 = Row(
    "TRBDF2",
    "sdirk",
    "The trapezoidal rule and a backward difference in one step, of order 2 and L-stable: loose tolerances, and states that must not ring.",
)
KenCarp3 = Row(
    "KenCarp3",
    "kennedy_carpenter",
    "Kennedy and Carpenter's L-stable 3(2) method with an explicit first stage: loose tolerances.",
)
KenCarp4 = Row(
    "KenCarp4",
    "kennedy_carpenter",
    "Kennedy and Carpenter's L-stable 4(3) method with an explicit first stage: stiff problems at medium tolerances.",
)
KenCarp47 = Row(
    "KenCarp47",
    "kennedy_carpenter",
    "Kennedy and Carpenter's second L-stable 4(3) method, of seven stages and smaller errors.",
)
KenCarp5 = Row(
    "KenCarp5",
    "kennedy_carpenter",
    "Kennedy and Carpenter's L-stable 5(4) method with an explicit first stage: stiff problems at tight tolerances.",
)
KenCarp58 = Row(
    "KenCarp58",
    "kennedy_carpenter",
    "Kennedy and Carpenter's second L-stable 5(4) method, of eight stages and smaller errors.",
)
Kvaerno3 = Row("Kvaerno3", "kvaerno", "Kværnø's L-stable 3(2) pair with an explicit first stage.")
Kvaerno4 = Row("Kvaerno4", "kvaerno", "Kværnø's 4(3) pair with an explicit first stage; A-stable, not L-stable.")
Kvaerno5 = Row("Kvaerno5", "kvaerno", "Kværnø's L-stable 5(4) pair with an explicit first stage; between its steps very stiff components have order 2 only.")
ESDIRK325L2SA = Row(
    "ESDIRK325L2SA",
    "esdirk",
    "Kennedy and Carpenter's L-stable 3(2) method of five stages with an explicit first one.",
)
ESDIRK436L2SA2 = Row(
    "ESDIRK436L2SA2",
    "esdirk",
    "Kennedy and Carpenter's L-stable 4(3) method of six stages with an explicit first one.",
)
ESDIRK437L2SA = Row(
    "ESDIRK437L2SA",
    "esdirk",
    "Kennedy and Carpenter's L-stable 4(3) method of seven stages with an explicit first one.",
)
ESDIRK54I8L2SA = Row(
    "ESDIRK54I8L2SA",
    "esdirk",
    "Kennedy and Carpenter's L-stable 5(4) method of eight stages with an explicit first one.",
)
ESDIRK547L2SA2 = Row(
    "ESDIRK547L2SA2",
    "esdirk",
    "Kennedy and Carpenter's L-stable 5(4) method of seven stages with an explicit first one.",
)
ESDIRK659L2SA = Row(
    "ESDIRK659L2SA",
    "esdirk",
    "Kennedy and Carpenter's L-stable 6(5) method of nine stages with an explicit first one: tight tolerances.",
)
Hairer4 = Row("Hairer4", "sdirk", "Hairer and Wanner's L-stable 4(3) method of five implicit stages (SDIRK4); between its steps very stiff components have order 2 only.")
Hairer42 = Row(
    "Hairer42",
    "sdirk",
    "Hairer and Wanner's second L-stable 4(3) method of five implicit stages, with a larger diagonal.",
)
Cash4 = Row("Cash4", "sdirk", "Cash's L-stable 4(3) method of five implicit stages.")
SDIRK2 = Row("SDIRK2", "sdirk", "A 2(1) method of two implicit stages, A-stable.")
SDIRK22 = Row("SDIRK22", "sdirk", "Alexander's L-stable 2(1) method of two implicit stages.")
ImplicitEuler = Row(
    "ImplicitEuler",
    "sdirk",
    "The implicit Euler method, of order 1 and L-stable, with the trapezoidal rule as estimate.",
)
Trapezoid = Row(
    "Trapezoid",
    "sdirk",
    "The trapezoidal rule, of order 2 and A-stable, with Euler's method as estimate; conserves what is linear.",
)
ImplicitMidpoint = Row(
    "ImplicitMidpoint",
    "sdirk",
    "The implicit midpoint rule, of order 2, symplectic, A-stable, of fixed step size.",
)
CFNLIRK3 = Row(
    "CFNLIRK3",
    "sdirk",
    "Alexander's L-stable method of order 3 with three implicit stages, as Calvo, de Frutos and Novo use it, of fixed step size.",
)
SSPSDIRK2 = Row(
    "SSPSDIRK2",
    "sdirk",
    "The strong stability preserving method of order 2 with two implicit stages, of fixed step size.",
)
SFSDIRK4 = Row(
    "SFSDIRK4",
    "ferracina_spijker",
    "Ferracina and Spijker's strong stability preserving method of order 4 with 4 implicit stages, of fixed step size; not A-stable.",
)
SFSDIRK5 = Row(
    "SFSDIRK5",
    "ferracina_spijker",
    "Ferracina and Spijker's strong stability preserving method of order 4 with 5 implicit stages, of fixed step size; not A-stable.",
)
SFSDIRK6 = Row(
    "SFSDIRK6",
    "ferracina_spijker",
    "Ferracina and Spijker's strong stability preserving method of order 4 with 6 implicit stages, of fixed step size; not A-stable.",
)
SFSDIRK7 = Row(
    "SFSDIRK7",
    "ferracina_spijker",
    "Ferracina and Spijker's strong stability preserving method of order 4 with 7 implicit stages, of fixed step size; not A-stable.",
)
SFSDIRK8 = Row(
    "SFSDIRK8",
    "ferracina_spijker",
    "Ferracina and Spijker's strong stability preserving method of order 4 with 8 implicit stages, of fixed step size; not A-stable.",
)

MEBDF2 = Row(
    "MEBDF2",
    "sdirk",
    "Cash's modified extended backward differentiation formula of order 2, of fixed step size, L-stable; it looks one step ahead.",
)

DIRK_ROWS = {
    row.__name__: row
    for row in (
        TRBDF2, KenCarp3, KenCarp4, KenCarp47, KenCarp5, KenCarp58, Kvaerno3, Kvaerno4, Kvaerno5, ESDIRK325L2SA,
        ESDIRK436L2SA2, ESDIRK437L2SA, ESDIRK54I8L2SA, ESDIRK547L2SA2, ESDIRK659L2SA, Hairer4, Hairer42, Cash4,
        SDIRK2, SDIRK22, ImplicitEuler, Trapezoid, ImplicitMidpoint, CFNLIRK3, MEBDF2, SSPSDIRK2, SFSDIRK4, SFSDIRK5,
        SFSDIRK6, SFSDIRK7, SFSDIRK8,
    )  # fmt: skip
}
