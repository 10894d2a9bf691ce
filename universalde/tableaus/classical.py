"""The classical methods of low order."""

from .tableau import Tableau

__all__ = ["EULER", "HEUN", "MIDPOINT", "RALSTON", "RALSTON4", "RK4"]

EULER = Tableau(
    "Euler",
    1,
    a="""
        -
    """,
    b="1",
    reference="L. Euler, Institutiones calculi integralis I, St. Petersburg (1768), chapter VII",
    proved=True,
)

HEUN = Tableau(
    "Heun",
    2,
    a="""
        -
        1
    """,
    b="1/2 1/2",
    error="-1/2 1/2",
    error_order=1,
    reference="K. Heun, Neue Methoden zur approximativen Integration der Differentialgleichungen einer unabhängigen Veränderlichen, Zeitschrift für Mathematik und Physik 45 (1900) 23–38",
    proved=True,
)

MIDPOINT = Tableau(
    "Midpoint",
    2,
    a="""
        -
        1/2
    """,
    b="0 1",
    error="-1 1",
    error_order=1,
    reference="C. Runge, Ueber die numerische Auflösung von Differentialgleichungen, Mathematische Annalen 46 (1895) 167–178",
    proved=True,
)

RALSTON = Tableau(
    "Ralston",
    2,
    a="""
        -
        2/3
    """,
    b="1/4 3/4",
    error="-3/4 3/4",
    error_order=1,
    reference="A. Ralston, Runge–Kutta methods with minimum error bounds, Mathematics of Computation 16 (1962) 431–437",
    proved=True,
)

RK4 = Tableau(
    "RK4",
    4,
    a="""
        -
        1/2
        0 1/2
        0 0 1
    """,
    b="1/6 1/3 1/3 1/6",
    reference="W. Kutta, Beitrag zur näherungsweisen Integration totaler Differentialgleichungen, Zeitschrift für Mathematik und Physik 46 (1901) 435–453",
    proved=True,
)

# The numbers hold the square root of five.
RALSTON4 = Tableau(
    "Ralston4",
    4,
    a="""
        -
        2/5
        0.29697760924775360007060546772291256270429982180201048267465 0.158759644971035831852674469389973143150584235770828444024557
        0.218100388225920467596160540119750403478916365070618355401202 -3.050965148692930805353582678274085976940487274050433916978508 3.832864760467010337757422138154335573461570908979815561577306
    """,
    b="0.174760282262690371254867642411451782367866909840329259041116 -0.551480662878732940545761146481524617408729978999876103519043 1.205535599396523535027777200614179379282834397927401339576168 0.171184781219519034263116303455893455758028671232145504901759",
    digits=58,
    reference="A. Ralston, Runge–Kutta methods with minimum error bounds, Mathematics of Computation 16 (1962) 431–437",
    proved=True,
)
