"""Air pollution: 20 species and 25 reactions (Verwer, SIAM Journal on Scientific Computing 15, 1994)."""

RATES = (
    0.35, 26.6, 12300.0, 8.6e-4, 8.2e-4, 15000.0, 1.3e-4, 24000.0, 16500.0, 9000.0, 0.022, 12000.0, 1.88, 16300.0, 4.8e6,
    3.5e-4, 0.0175, 1e8, 4.44e11, 1240.0, 2.1, 5.78, 0.0474, 1780.0, 3.12,
)  # fmt: skip
# What each reaction consumes in its rate, species counted from one.
REACTANTS = (
    (1,), (2, 4), (5, 2), (7,), (7,), (7, 6), (9,), (9, 6), (11, 2), (11, 1), (13,), (10, 2), (14,),
    (1, 6), (3,), (4,), (4,), (16,), (16,), (17, 6), (19,), (19,), (1, 4), (19, 1), (20,),
)  # fmt: skip
# For each species the reactions that make it (positive) and consume it (negative), counted from one; repeated means twice.
BALANCE = (
    (-1, -10, -14, -23, -24, 2, 3, 9, 11, 12, 22, 25), (-2, -3, -9, -12, 1, 21), (-15, 1, 17, 19, 22),
    (-2, -16, -17, -23, 15), (-3, 4, 4, 6, 7, 13, 20), (-6, -8, -14, -20, 3, 18, 18), (-4, -5, -6, 13), (4, 5, 6, 7),
    (-7, -8), (-12, 7, 9), (-9, -10, 8, 11), (9,), (-11, 10), (-13, 12), (14,), (-18, -19, 16), (-20,), (20,),
    (-21, -22, -24, 23, 25), (-25, 24),
)  # fmt: skip
POLLUTION_START = (0.0, 0.2, 0.0, 0.04, 0.0, 0.0, 0.1, 0.3, 0.01, *(0.0,) * 7, 0.007, 0.0, 0.0, 0.0)
POLLUTION_END = (
    0.05646255480022769, 0.1342484130422339, 4.139734331099427e-9, 0.005523140207484359, 2.018977262302196e-7,
    1.464541863493966e-7, 0.07784249118997964, 0.3245075353396018, 0.007494013383880406, 1.622293157301561e-8,
    1.135863833257075e-8, 0.002230505975721359, 2.08716288279863e-4, 1.396921016840158e-5, 0.008964884856898295,
    4.352846369330103e-18, 0.006899219696263405, 1.007803037365946e-4, 1.772146513969984e-6, 5.682943292316392e-5,
)  # fmt: skip


def pollution(t, y, m, setting):
    """Mass action."""
    rates = []
    for rate, reactants in zip(RATES, REACTANTS, strict=True):
        for species in reactants:
            rate = rate * y[species - 1]
        rates.append(rate)
    changes = []
    for reactions in BALANCE:
        total = 0.0
        for reaction in reactions:
            total = total + rates[reaction - 1] if reaction > 0 else total - rates[-reaction - 1]
        changes.append(total)
    return changes
