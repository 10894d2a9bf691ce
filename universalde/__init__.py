"""Scientific machine learning: differential equations solved fast, differentiated exactly, with any part learnable.

Example::

    import universalde as ude

    problem = ude.ODE(lambda t, y, args: -y, 1.0, (0.0, 1.0))
    print(ude.solve(problem, rtol=1e-8, atol=1e-8).ys[-1])
"""

import importlib
from typing import TYPE_CHECKING, Any

from .base.status import SolveError, Status
from .control.pi import PI
from .ensemble import Ensemble, Moments, Reduction, ensemble, mean, quantiles
from .methods.explicit import ExplicitRK
from .methods.rows import DP5, Tsit5, Vern7
from .solve import solve
from .spec.event import Event
from .spec.problem import ODE, Problem
from .spec.save import Save
from .spec.solution import Solution
from .tableaus.tableau import Tableau

if TYPE_CHECKING:
    from . import library, scipy

__version__ = "0.1.0"

__all__ = [
    "DP5", "Ensemble", "Event", "ExplicitRK", "Moments", "ODE", "PI", "Problem", "Reduction", "Save", "Solution", "SolveError",
    "Status", "Tableau", "Tsit5", "Vern7", "ensemble", "mean", "quantiles", "solve",
    "library", "scipy",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Modules that only some users need are loaded when they are first named."""
    if name in ("library", "scipy"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"universalde has no {name!r}; it has {', '.join(__all__)}")
