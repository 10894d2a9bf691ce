"""Scientific machine learning: differential equations solved fast, differentiated exactly, with any part learnable.

Example::

    import universalde as ude

    problem = ude.ODE(lambda t, y, args: -y, 1.0, (0.0, 1.0))
    print(ude.solve(problem, rtol=1e-8, atol=1e-8).ys[-1])
"""

import importlib
from typing import TYPE_CHECKING, Any

from .adjoint.discrete import DiscreteAdjoint
from .base.status import SolveError, Status
from .consistent import consistent
from .control.fixed import Fixed
from .control.pi import PI, I
from .control.pid import PID
from .control.predictive import Predictive
from .ensemble import Ensemble, Moments, Reduction, ensemble, mean, quantiles
from .linalg.banded import Banded
from .linalg.block import BlockDiagonal
from .linalg.dense import Dense
from .linalg.diagonal import Diagonal
from .methods.adaptive_radau import RadauIIA
from .methods.auto import Auto
from .methods.dirk import DIRK
from .methods.explicit import ExplicitRK
from .methods.general_linear import GLEE23, GLEE24, GLEE35, MM5GEE
from .methods.low_storage import LowStorageRK
from .methods.low_storage_rows import (
    CFRLDDRK64,
    CKLLSRK43_2,
    CKLLSRK54_3C,
    CKLLSRK54_3C_3R,
    CKLLSRK54_3M_3R,
    CKLLSRK54_3M_4R,
    CKLLSRK54_3N_3R,
    CKLLSRK54_3N_4R,
    CKLLSRK65_4M_4R,
    CKLLSRK75_4M_5R,
    CKLLSRK85_4C_3R,
    CKLLSRK85_4FM_4R,
    CKLLSRK85_4M_3R,
    CKLLSRK85_4P_3R,
    CKLLSRK95_4C,
    CKLLSRK95_4M,
    CKLLSRK95_4S,
    DGLDDRK73_C,
    DGLDDRK84_C,
    DGLDDRK84_F,
    NDBLSRK124,
    NDBLSRK134,
    NDBLSRK144,
    ORK256,
    RK46NL,
    SHLDDRK52,
    SHLDDRK64,
    SHLDDRK_2N,
    TSLDDRK74,
    AlJahdaliAdv3S42,
    AlJahdaliAdv3S53,
    AlJahdaliAdv3S64,
    AlJahdaliAdv3S82,
    AlJahdaliAdv3S85,
    AlJahdaliAdv3S113,
    AlJahdaliAdv3S154,
    AlJahdaliAdv3S165,
    AlJahdaliVor3S42,
    AlJahdaliVor3S53,
    AlJahdaliVor3S64,
    AlJahdaliVor3S82,
    AlJahdaliVor3S85,
    AlJahdaliVor3S113,
    AlJahdaliVor3S154,
    AlJahdaliVor3S165,
    CarpenterKennedy2N54,
    ParsaniKetchesonDeconinck3S32,
    ParsaniKetchesonDeconinck3S53,
    ParsaniKetchesonDeconinck3S82,
    ParsaniKetchesonDeconinck3S94,
    ParsaniKetchesonDeconinck3S105,
    ParsaniKetchesonDeconinck3S173,
    ParsaniKetchesonDeconinck3S184,
    ParsaniKetchesonDeconinck3S205,
    RDPK3Sp35,
    RDPK3Sp49,
    RDPK3Sp510,
    RDPK3SpFSAL35,
    RDPK3SpFSAL49,
    RDPK3SpFSAL510,
)
from .methods.rosenbrock import Rosenbrock

from .methods.rosenbrock_rows import (  # isort: skip
    GRK4A, GRK4T, ROK4a, ROS2, ROS2PR, ROS2S, ROS3, ROS34PRw, ROS34PW1a, ROS34PW1b, ROS34PW2, ROS34PW3, ROS3P,
    ROS3PR, ROS3PRL, ROS3PRL2, Rodas23W, Rodas3, Rodas3P, Rodas3d, Rodas4, Rodas42, Rodas4P, Rodas4P2, Rodas4PW,
    Rodas5, Rodas5P, Rodas5Pe, Rodas6P, Ros4LStab, RosShamp4, Rosenbrock23, Rosenbrock32, RosenbrockW6S4OS,
    Scholz4_7, Veldd4, Velds4,
)  # fmt: skip
from .methods.rows import (  # isort: skip
    Alshina2, Alshina3, Alshina6, Anas5, BS3, BS5, DP5, DP8, Euler, FRK65, Feagin10, Feagin12, Feagin14, Heun,
    KYK2014DGSSPRK_3S2, KYKSSPRK42, MSRK5, MSRK6, Midpoint, OwrenZen3, OwrenZen4, OwrenZen5, PFRK87, PSRK3p5q4,
    PSRK3p6q5, PSRK4p7q6, QPRK98, RK4, RKM, RKV76IIa, Ralston, Ralston4, SIR54, SSPRK104, SSPRK22, SSPRK33,
    SSPRK43, SSPRK432, SSPRK53, SSPRK53_2N1, SSPRK53_2N2, SSPRK53_H, SSPRK54, SSPRK63, SSPRK73, SSPRK83, SSPRK932,
    Stepanov5, TanYam7, Tsit5, TsitPap8, Vern6, Vern6Robust, Vern7, Vern7Robust, Vern8, Vern8Robust, Vern9,
    Vern9Robust,
)  # fmt: skip
from .methods.bdf import ABDF2, FBDF, QBDF, QBDF1, QBDF2, QNDF, QNDF1, QNDF2  # isort: skip
from .methods.nordsieck import NordsieckBDF  # isort: skip
from .methods.collocation_rows import GaussLegendre, RadauIIA3, RadauIIA5, RadauIIA9, RadauIIA13

from .methods.dirk_rows import (  # isort: skip
    CFNLIRK3, Cash4, ESDIRK325L2SA, ESDIRK436L2SA2, ESDIRK437L2SA, ESDIRK547L2SA2, ESDIRK54I8L2SA, ESDIRK659L2SA,
    Hairer4, Hairer42, ImplicitEuler, ImplicitMidpoint, KenCarp3, KenCarp4, KenCarp47, KenCarp5, KenCarp58, Kvaerno3,
    Kvaerno4, Kvaerno5, MEBDF2, SDIRK2, SDIRK22, SFSDIRK4, SFSDIRK5, SFSDIRK6, SFSDIRK7, SFSDIRK8, SSPSDIRK2, TRBDF2,
    Trapezoid,
)  # fmt: skip
from .sensitivity.backsolve import BacksolveAdjoint
from .sensitivity.forward import ForwardSensitivity
from .sensitivity.gauss import GaussAdjoint, GaussKronrodAdjoint
from .sensitivity.interpolating import InterpolatingAdjoint
from .sensitivity.quadrature import QuadratureAdjoint
from .solve import solve
from .spec.event import Event
from .spec.problem import ODE, Problem
from .spec.save import Save
from .spec.solution import Solution
from .tableaus.dirk_table import DirkTableau
from .tableaus.rosenbrock_table import RosenbrockTableau
from .tableaus.tableau import Tableau

if TYPE_CHECKING:
    from . import library, scipy, shadowing

__version__ = "0.1.0"

__all__ = [
    "ABDF2", "AlJahdaliAdv3S113", "AlJahdaliAdv3S154", "AlJahdaliAdv3S165", "AlJahdaliAdv3S42", "AlJahdaliAdv3S53",
    "AlJahdaliAdv3S64", "AlJahdaliAdv3S82", "AlJahdaliAdv3S85", "AlJahdaliVor3S113", "AlJahdaliVor3S154",
    "AlJahdaliVor3S165", "AlJahdaliVor3S42", "AlJahdaliVor3S53", "AlJahdaliVor3S64", "AlJahdaliVor3S82",
    "AlJahdaliVor3S85", "Alshina2", "Alshina3", "Alshina6", "Anas5", "Auto", "BS3", "BS5", "BacksolveAdjoint", "Banded", "BlockDiagonal",
    "CFNLIRK3", "CFRLDDRK64", "CKLLSRK43_2", "CKLLSRK54_3C", "CKLLSRK54_3C_3R", "CKLLSRK54_3M_3R", "CKLLSRK54_3M_4R",
    "CKLLSRK54_3N_3R", "CKLLSRK54_3N_4R", "CKLLSRK65_4M_4R", "CKLLSRK75_4M_5R", "CKLLSRK85_4C_3R", "CKLLSRK85_4FM_4R",
    "CKLLSRK85_4M_3R", "CKLLSRK85_4P_3R", "CKLLSRK95_4C", "CKLLSRK95_4M", "CKLLSRK95_4S", "CarpenterKennedy2N54",
    "Cash4", "DGLDDRK73_C", "DGLDDRK84_C", "DGLDDRK84_F", "DIRK", "DP5", "DP8", "Dense", "Diagonal", "DirkTableau", "DiscreteAdjoint",
    "ESDIRK325L2SA", "ESDIRK436L2SA2", "ESDIRK437L2SA", "ESDIRK547L2SA2", "ESDIRK54I8L2SA", "ESDIRK659L2SA",
    "Ensemble", "Euler", "Event", "ExplicitRK", "FBDF", "FRK65", "Feagin10", "Feagin12", "Feagin14", "Fixed", "ForwardSensitivity",
    "GLEE23", "GLEE24", "GLEE35", "GRK4A", "GRK4T", "GaussAdjoint", "GaussKronrodAdjoint", "GaussLegendre", "Hairer4", "Hairer42", "Heun", "I", "ImplicitEuler",
    "ImplicitMidpoint", "InterpolatingAdjoint", "KYK2014DGSSPRK_3S2", "KYKSSPRK42", "KenCarp3", "KenCarp4", "KenCarp47", "KenCarp5",
    "KenCarp58", "Kvaerno3", "Kvaerno4", "Kvaerno5", "LowStorageRK", "MEBDF2", "MM5GEE", "MSRK5", "MSRK6", "Midpoint",
    "Moments", "NDBLSRK124", "NDBLSRK134", "NDBLSRK144", "NordsieckBDF", "ODE", "ORK256", "OwrenZen3", "OwrenZen4",
    "OwrenZen5", "PFRK87", "PI", "PID", "PSRK3p5q4", "PSRK3p6q5", "PSRK4p7q6", "ParsaniKetchesonDeconinck3S105",
    "ParsaniKetchesonDeconinck3S173", "ParsaniKetchesonDeconinck3S184", "ParsaniKetchesonDeconinck3S205",
    "ParsaniKetchesonDeconinck3S32", "ParsaniKetchesonDeconinck3S53", "ParsaniKetchesonDeconinck3S82",
    "ParsaniKetchesonDeconinck3S94", "Predictive", "Problem", "QBDF", "QBDF1", "QBDF2", "QNDF", "QNDF1", "QNDF2",
    "QPRK98", "QuadratureAdjoint", "RDPK3Sp35", "RDPK3Sp49", "RDPK3Sp510", "RDPK3SpFSAL35", "RDPK3SpFSAL49", "RDPK3SpFSAL510", "RK4",
    "RK46NL", "RKM", "RKV76IIa", "ROK4a", "ROS2", "ROS2PR", "ROS2S", "ROS3", "ROS34PRw", "ROS34PW1a", "ROS34PW1b",
    "ROS34PW2", "ROS34PW3", "ROS3P", "ROS3PR", "ROS3PRL", "ROS3PRL2", "RadauIIA", "RadauIIA13", "RadauIIA3", "RadauIIA5", "RadauIIA9", "Ralston", "Ralston4", "Reduction", "Rodas23W",
    "Rodas3", "Rodas3P", "Rodas3d", "Rodas4", "Rodas42", "Rodas4P", "Rodas4P2", "Rodas4PW", "Rodas5", "Rodas5P",
    "Rodas5Pe", "Rodas6P", "Ros4LStab", "RosShamp4", "Rosenbrock", "Rosenbrock23", "Rosenbrock32",
    "RosenbrockTableau", "RosenbrockW6S4OS", "SDIRK2", "SDIRK22", "SFSDIRK4", "SFSDIRK5", "SFSDIRK6", "SFSDIRK7",
    "SFSDIRK8", "SHLDDRK52", "SHLDDRK64", "SHLDDRK_2N", "SIR54", "SSPRK104", "SSPRK22", "SSPRK33", "SSPRK43",
    "SSPRK432", "SSPRK53", "SSPRK53_2N1", "SSPRK53_2N2", "SSPRK53_H", "SSPRK54", "SSPRK63", "SSPRK73", "SSPRK83",
    "SSPRK932", "SSPSDIRK2", "Save", "Scholz4_7", "Solution", "SolveError", "Status", "Stepanov5", "TRBDF2",
    "TSLDDRK74", "Tableau", "TanYam7", "Trapezoid", "Tsit5", "TsitPap8", "Veldd4", "Velds4", "Vern6", "Vern6Robust",
    "Vern7", "Vern7Robust", "Vern8", "Vern8Robust", "Vern9", "Vern9Robust", "consistent", "ensemble", "library",
    "mean", "quantiles", "scipy", "shadowing", "solve",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Modules that only some users need are loaded when they are first named."""
    if name in ("library", "scipy", "shadowing"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"universalde has no {name!r}; it has {', '.join(__all__)}")
