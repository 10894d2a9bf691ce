"""Strong stability preserving methods; those published with decimals stand here in the form of Shu and Osher."""

from .numbers import shu_osher
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
    *shu_osher(
        """
            1
            0 1
            0.355909775063327 0 0.644090224936674
            0.367933791638137 0 0 0.632066208361863
            0 0 0.237593836598569 0 0.762406163401431
        """,
        """
            0.377268915331368
            0 0.377268915331368
            0 0 0.242995220537396
            0 0 0 0.23845893284629
            0 0 0 0 0.287632146308408
        """,
    ),
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK53_2N1 = Tableau(
    "SSPRK53_2N1",
    3,
    *shu_osher(
        """
            1
            0 1
            0 0 1
            0.571403511494104 0 0 0.428596488505896
            0 0 0 0 1
        """,
        """
            0.443568244942995
            0 0.291111420073766
            0 0 0.270612601278217
            0 0 0 0.110577759392786
            0 0 0 0 0.458557505351052
        """,
    ),
    digits=12,
    reference="I. Higueras and T. Roldán, New third order low-storage SSP explicit Runge–Kutta methods, Journal of Scientific Computing 79 (2019) 1882–1906",
    proved=True,
)

SSPRK53_2N2 = Tableau(
    "SSPRK53_2N2",
    3,
    *shu_osher(
        """
            1
            0 1
            0.682342861037239 0 0.317657138962761
            0 0 0 1
            0.0452309744824 0 0 0 0.9547690255176
        """,
        """
            0.465388589249323
            0 0.465388589249323
            0 0 0.124745797313998
            0 0 0 0.465388589249323
            0 0 0 0 0.154263303748666
        """,
    ),
    digits=12,
    reference="I. Higueras and T. Roldán, New third order low-storage SSP explicit Runge–Kutta methods, Journal of Scientific Computing 79 (2019) 1882–1906",
    proved=True,
)

SSPRK53_H = Tableau(
    "SSPRK53_H",
    3,
    *shu_osher(
        """
            1
            0 1
            0.308684154602513 0 0.691315845397487
            0.280514990468574 0.270513101776498 0 0.448971907754928
            0 0 0 0 1
        """,
        """
            0.377268915331368
            0 0.377268915331368
            0 0 0.260811979144498
            0 0 0 0.169383144652957
            0 0 0 0 0.377268915331368
        """,
    ),
    digits=12,
    reference="I. Higueras and T. Roldán, New third order low-storage SSP explicit Runge–Kutta methods, Journal of Scientific Computing 79 (2019) 1882–1906",
    proved=True,
)

SSPRK63 = Tableau(
    "SSPRK63",
    3,
    *shu_osher(
        """
            1
            0 1
            0 0 1
            0.476769811285196 0.098511733286064 0 0.42471845542874
            0 0 0 0 1
            0 0 0.155221702560091 0 0 0.844778297439909
        """,
        """
            0.284220721334261
            0 0.284220721334261
            0 0 0.284220721334261
            0 0 0 0.12071378576593
            0 0 0 0 0.284220721334261
            0 0 0 0 0 0.2401034970659
        """,
    ),
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK73 = Tableau(
    "SSPRK73",
    3,
    *shu_osher(
        """
            1
            0 1
            0 0 1
            0.184962588071072 0 0 0.815037411928928
            0.18071865657038 0.314831034403793 0 0 0.504450309025826
            0 0 0 0 0 1
            0 0 0 0.120199 0 0 0.879801
        """,
        """
            0.233213863663009
            0 0.233213863663009
            0 0 0.233213863663009
            0 0 0 0.190078023865845
            0 0 0 0 0.117644805593912
            0 0 0 0 0 0.233213863663009
            0 0 0 0 0 0 0.205181790464579
        """,
    ),
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK83 = Tableau(
    "SSPRK83",
    3,
    *shu_osher(
        """
            1
            0 1
            0 0 1
            0 0 0 1
            0.421366967085359 0.005949401107575 0 0 0.572683631807067
            0 0.004254010666365 0 0 0 0.995745989333635
            0 0 0.104380143093325 0.243265240906726 0 0 0.65235461599995
            0 0 0 0 0 0 0 1
        """,
        """
            0.195804015330143
            0 0.195804015330143
            0 0 0.195804015330143
            0 0 0 0.195804015330143
            0 0 0 0 0.112133754621673
            0 0 0 0 0 0.194971062960412
            0 0 0 0 0 0 0.127733653231944
            0 0 0 0 0 0 0 0.195804015330143
        """,
    ),
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

SSPRK54 = Tableau(
    "SSPRK54",
    4,
    *shu_osher(
        """
            1
            0.444370493651235 0.555629506348765
            0.620101851488403 0 0.379898148511597
            0.178079954393132 0 0 0.821920045606868
            0 0 0.517231671970585 0.096059710526147 0.386708617503269
        """,
        """
            0.39175222657189
            0 0.368410593050371
            0 0 0.251891774271694
            0 0 0 0.544974750228521
            0 0 0 0.06369246866629 0.226007483236906
        """,
    ),
    digits=12,
    reference="S. J. Ruuth, Global optimization of explicit strong-stability-preserving Runge–Kutta methods, Mathematics of Computation 75 (2006) 183–207",
    proved=True,
)

KYKSSPRK42 = Tableau(
    "KYKSSPRK42",
    2,
    *shu_osher(
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
    ),
    digits=12,
    reference="E. J. Kubatko, B. A. Yeager and D. I. Ketcheson, Optimal strong-stability-preserving Runge–Kutta time discretizations for discontinuous Galerkin methods, Journal of Scientific Computing 60 (2014) 313–344",
    proved=True,
)

KYK2014DGSSPRK_3S2 = Tableau(
    "KYK2014DGSSPRK_3S2",
    2,
    *shu_osher(
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
    ),
    digits=12,
    reference="E. J. Kubatko, B. A. Yeager and D. I. Ketcheson, Optimal strong-stability-preserving Runge–Kutta time discretizations for discontinuous Galerkin methods, Journal of Scientific Computing 60 (2014) 313–344",
    proved=True,
)
