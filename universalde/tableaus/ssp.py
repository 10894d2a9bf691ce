"""Strong stability preserving methods; those published with decimals stand here in the form of Shu and Osher."""

from .shu_osher import FORMS, form
from .tableau import Tableau

__all__ = [
    "KYK2014DGSSPRK_3S2",
    "KYKSSPRK42",
    "SSPRK104",
    "SSPRK22",
    "SSPRK33",
    "SSPRK43",
    "SSPRK432",
    "SSPRK53",
    "SSPRK53_2N1",
    "SSPRK53_2N2",
    "SSPRK53_H",
    "SSPRK54",
    "SSPRK63",
    "SSPRK73",
    "SSPRK83",
    "SSPRK932",
]

SSPRK22 = Tableau(
    "SSPRK22",
    2,
    a="""
        -
        1
    """,
    b="1/2 1/2",
    reference="C.-W. Shu and S. Osher, Efficient implementation of essentially non-oscillatory shock-capturing schemes, Journal of Computational Physics 77 (1988) 439–471",
    proved=True,
)

SSPRK33 = Tableau(
    "SSPRK33",
    3,
    a="""
        -
        1
        1/4 1/4
    """,
    b="1/6 1/6 2/3",
    reference="C.-W. Shu and S. Osher, Efficient implementation of essentially non-oscillatory shock-capturing schemes, Journal of Computational Physics 77 (1988) 439–471",
    proved=True,
)

SSPRK43 = Tableau(
    "SSPRK43",
    3,
    a="""
        -
        1/2
        1/2 1/2
        1/6 1/6 1/6
    """,
    b="1/6 1/6 1/6 1/2",
    error="-1/12 -1/12 -1/12 1/4",
    error_order=2,
    reference="J. F. B. M. Kraaijevanger, Contractivity of Runge–Kutta methods, BIT Numerical Mathematics 31 (1991) 482–528; estimate: S. Conde, I. Fekete and J. N. Shadid, Embedded error estimation and adaptive step-size control for optimal explicit strong stability preserving Runge–Kutta methods, arXiv:1806.08693 (2018)",
    proved=True,
)

SSPRK432 = Tableau(
    "SSPRK432",
    3,
    a="""
        -
        1/2
        1/2 1/2
        1/6 1/6 1/6
    """,
    b="1/6 1/6 1/6 1/2",
    error="-1/6 -1/6 -1/6 1/2",
    error_order=2,
    reference="S. Gottlieb, D. I. Ketcheson and C.-W. Shu, Strong Stability Preserving Runge–Kutta and Multistep Time Discretizations, World Scientific (2011), example 6.1",
    proved=True,
)

# The seventh stage serves the estimate only, which is the method of seven stages and order two.
SSPRK932 = Tableau(
    "SSPRK932",
    3,
    a="""
        -
        1/6
        1/6 1/6
        1/6 1/6 1/6
        1/6 1/6 1/6 1/6
        1/6 1/6 1/6 1/6 1/6
        1/6 1/6 1/6 1/6 1/6 1/6
        1/6 1/15 1/15 1/15 1/15 1/15 0
        1/6 1/15 1/15 1/15 1/15 1/15 0 1/6
        1/6 1/15 1/15 1/15 1/15 1/15 0 1/6 1/6
    """,
    b="1/6 1/15 1/15 1/15 1/15 1/15 0 1/6 1/6 1/6",
    error="1/42 -8/105 -8/105 -8/105 -8/105 -8/105 -1/7 1/6 1/6 1/6",
    error_order=2,
    reference="S. Gottlieb, D. I. Ketcheson and C.-W. Shu, Strong Stability Preserving Runge–Kutta and Multistep Time Discretizations, World Scientific (2011)",
    proved=True,
)

SSPRK104 = Tableau(
    "SSPRK104",
    4,
    a="""
        -
        1/6
        1/6 1/6
        1/6 1/6 1/6
        1/6 1/6 1/6 1/6
        1/15 1/15 1/15 1/15 1/15
        1/15 1/15 1/15 1/15 1/15 1/6
        1/15 1/15 1/15 1/15 1/15 1/6 1/6
        1/15 1/15 1/15 1/15 1/15 1/6 1/6 1/6
        1/15 1/15 1/15 1/15 1/15 1/6 1/6 1/6 1/6
    """,
    b="1/10 1/10 1/10 1/10 1/10 1/10 1/10 1/10 1/10 1/10",
    reference="D. I. Ketcheson, Highly efficient strong stability-preserving Runge–Kutta methods with low-storage implementations, SIAM Journal on Scientific Computing 30 (2008) 2113–2136",
    proved=True,
)

SSPRK53 = Tableau(
    "SSPRK53",
    3,
    *FORMS["SSPRK53"].butcher,
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK53_2N1 = Tableau(
    "SSPRK53_2N1",
    3,
    *FORMS["SSPRK53_2N1"].butcher,
    digits=12,
    reference="I. Higueras and T. Roldán, New third order low-storage SSP explicit Runge–Kutta methods, Journal of Scientific Computing 79 (2019) 1882–1906",
    proved=True,
)

SSPRK53_2N2 = Tableau(
    "SSPRK53_2N2",
    3,
    *FORMS["SSPRK53_2N2"].butcher,
    digits=12,
    reference="I. Higueras and T. Roldán, New third order low-storage SSP explicit Runge–Kutta methods, Journal of Scientific Computing 79 (2019) 1882–1906",
    proved=True,
)

SSPRK53_H = Tableau(
    "SSPRK53_H",
    3,
    *FORMS["SSPRK53_H"].butcher,
    digits=12,
    reference="I. Higueras and T. Roldán, New third order low-storage SSP explicit Runge–Kutta methods, Journal of Scientific Computing 79 (2019) 1882–1906",
    proved=True,
)

SSPRK63 = Tableau(
    "SSPRK63",
    3,
    *FORMS["SSPRK63"].butcher,
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK73 = Tableau(
    "SSPRK73",
    3,
    *FORMS["SSPRK73"].butcher,
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK83 = Tableau(
    "SSPRK83",
    3,
    *FORMS["SSPRK83"].butcher,
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK54 = Tableau(
    "SSPRK54",
    4,
    *FORMS["SSPRK54"].butcher,
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

KYKSSPRK42 = Tableau(
    "KYKSSPRK42",
    2,
    *form(
        """
            1
            0.394806441339829 0.605193558660171
            0.00279730708739 0 0.99720269291261
            0.252860909354373 0 0 0.747139090645627
        """,
        """
            0.406584463657504
            0 0.246062298456822
            0.013637216641451 0 0.405447122055692
            0.016453567333598 0 0 0.303775146447707
        """,
    ).butcher,
    digits=12,
    reference="E. J. Kubatko, B. A. Yeager and D. I. Ketcheson, Optimal strong-stability-preserving Runge–Kutta time discretizations for discontinuous Galerkin methods, Journal of Scientific Computing 60 (2014) 313–344",
    proved=True,
)

KYK2014DGSSPRK_3S2 = Tableau(
    "KYK2014DGSSPRK_3S2",
    2,
    *form(
        """
            1
            0.087353119859156 0.912646880140844
            0.344956917166841 0 0.655043082833159
        """,
        """
            0.528005024856522
            0 0.481882138633993
            0.022826837460491 0 0.345866039233415
        """,
    ).butcher,
    digits=12,
    reference="E. J. Kubatko, B. A. Yeager and D. I. Ketcheson, Optimal strong-stability-preserving Runge–Kutta time discretizations for discontinuous Galerkin methods, Journal of Scientific Computing 60 (2014) 313–344",
    proved=True,
)
