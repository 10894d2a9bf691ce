"""Methods by Alshina, Zaks and Kalitkin with the smallest error of their stage number."""

from .tableau import Tableau

__all__ = ["ALSHINA2", "ALSHINA3", "ALSHINA6"]

ALSHINA2 = Tableau(
    "Alshina2",
    2,
    a="""
        -
        2/3
    """,
    b="1/4 3/4",
    error="-3/4 3/4",
    error_order=1,
    reference="E. A. Alshina, E. M. Zaks and N. N. Kalitkin, Optimal first- to sixth-order accurate Runge–Kutta schemes, Computational Mathematics and Mathematical Physics 48 (2008) 395–405",
    proved=True,
)

# The estimate is the difference from the midpoint rule, whose stages are the first two.
ALSHINA3 = Tableau(
    "Alshina3",
    3,
    a="""
        -
        1/2
        0 3/4
    """,
    b="2/9 1/3 4/9",
    error="2/9 -2/3 4/9",
    error_order=2,
    reference="E. A. Alshina, E. M. Zaks and N. N. Kalitkin, Optimal first- to sixth-order accurate Runge–Kutta schemes, Computational Mathematics and Mathematical Physics 48 (2008) 395–405",
    proved=True,
)

ALSHINA6 = Tableau(
    "Alshina6",
    6,
    a="""
        -
        0.5714285714285714
        1.0267857142857142 -5/16
        0.9349206349206349 0.2777777777777778 -0.35555555555555557
        0.18002567144208434 0.14737940683961614 0.016070163293314288 -0.0670820393249937
        -0.07979765856603138 0.025290591998992584 -0.3516326202266813 0.3207294901687516 0.8090169943749475
        0.4988599356197352 -0.8633499941930429 1.6778122846668349 -1.2682372542187894 -0.42705098312484235 1.381966011250105
    """,
    b="0.08333333333333333 0 0 0 0.4166666666666667 0.4166666666666667 0.08333333333333333",
    digits=15,
    reference="E. A. Alshina, E. M. Zaks and N. N. Kalitkin, Optimal first- to sixth-order accurate Runge–Kutta schemes, Computational Mathematics and Mathematical Physics 48 (2008) 395–405",
    proved=True,
)
