"""What is to be solved: one record with optional slots."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..base.closures import is_array
from ..base.static import record
from .event import Event

__all__ = ["ODE", "Problem"]

_PARTS = ("f", "stiff", "mass", "residual", "noise", "history")


@record
class Problem:
    """An initial value problem; its kind is which slots are filled.

    ``f(t, y, args) -> dy``; ``y0`` and ``args`` are any pytree; ``tspan = (t0, t1)`` with ``t1 < t0`` allowed.
    ``history(t, args) -> y`` is the state before ``t0`` of a problem whose ``f(t, y, args, past)`` asks for the past
    through ``past(t)``.  ``noise`` is a Path with ``increment(t, h)``.  ``events`` may change the state or stop the solve;
    ``mode`` is what events change besides the state, handed to the functions of the problem as a last argument.

    At each of the times ``stops`` a step ends exactly.  ``discontinuities`` are stops where ``f`` jumps: it is never evaluated
    on one, and what the method remembers of ``f`` is made anew there.  ``inside(t, y, args) -> bool`` says whether a state
    is allowed; a step that ends where it is false is taken again with a quarter of its size.

    ``mass`` is the constant matrix of ``M y' = f``, singular or not.  ``jac(t, y, args)`` is the Jacobian of ``f``, or the word
    ``"differences"``; ``structure`` says which of its entries are not zero.
    """

    f: Callable
    y0: Any
    tspan: tuple[Any, Any]
    args: Any = None
    stiff: Any = None
    mass: Any = None
    residual: Any = None
    noise: Any = None
    history: Any = None
    events: tuple[Event, ...] = ()
    mode: Any = None
    stops: Any = None
    discontinuities: Any = None
    inside: Callable | None = None
    jac: Any = None
    structure: Any = None

    def __post_init__(self) -> None:
        if not callable(self.f):
            raise TypeError(
                f"a problem was given {self.f!r} as right-hand side; give a function f(t, y, args) that returns dy/dt"
            )
        if not isinstance(self.tspan, tuple | list) or len(self.tspan) != 2:
            raise TypeError(f"tspan is a pair (t0, t1); {self.tspan!r} was given")
        wrong = [event for event in self.events if not isinstance(event, Event)]
        if self.inside is not None and not callable(self.inside):
            raise TypeError(f"inside = {self.inside!r}; give a function (t, y, args) that says whether a state is allowed")
        if not (self.jac is None or callable(self.jac) or (isinstance(self.jac, str) and self.jac == "differences")):
            raise TypeError(
                f"jac = {self.jac!r}; give a function jac(t, y, args) that returns the (n, n) matrix of df/dy, "
                'jac="differences" for finite differences, or None for forward mode'
            )
        if wrong:
            raise TypeError(f"events holds {wrong[0]!r}; write ude.Event(when, then) with functions of (t, y, args)")

    @functools.cached_property
    def parts(self) -> frozenset[str]:
        """Names of the slots that are filled."""
        filled = vars(self)
        return frozenset([name for name in _PARTS if filled[name] is not None])

    def replace(self, **changes: Any) -> "Problem":
        """The same problem with some slots replaced: ``problem.replace(args=p, y0=y, tspan=(0, 2))``."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        unknown = sorted(set(changes) - set(fields))
        if unknown:
            raise TypeError(f"a problem has no slot {', '.join(unknown)}; its slots are: {', '.join(fields)}")
        return Problem(**{**fields, **changes})

    def at(self, **changes: Any) -> "Problem":
        """Same as :meth:`replace`."""
        return self.replace(**changes)


def ODE(
    f: Callable,
    y0: Any,
    tspan: Sequence,
    args: Any = None,
    *,
    events: Event | Sequence[Event] = (),
    mode: Any = None,
    stops: Any = None,
    discontinuities: Any = None,
    inside: Callable | None = None,
    mass: Any = None,
    jac: Any = None,
    structure: Any = None,
) -> Problem:
    """The ordinary differential equation ``dy/dt = f(t, y, args)``, ``y(t0) = y0``, or ``M dy/dt = f(t, y, args)``.

    ``f`` returns something shaped like ``y0`` (a list of numbers will do for a vector).  Times are in the user's units;
    ``tspan = (t0, t1)`` may run backwards.  ``stops`` and ``discontinuities`` are vectors of times at which steps end, in any
    order; at the latter ``f`` jumps.  ``inside(t, y, args) -> bool`` refuses steps that leave the domain of ``f``.

    ``mass`` is a constant matrix M, a vector (its diagonal) or a tree like ``y0`` (the same); where it is singular the equations
    without derivative are algebraic (of index 1) and ``y0`` must satisfy them.  Implicit methods take the Jacobian of ``f`` by forward
    mode, from ``jac(t, y, args) -> (n, n)``, or with ``jac="differences"`` by finite differences; ``structure`` (``Dense()``,
    ``Diagonal()``, ``Banded(lower, upper)``, ``BlockDiagonal(size)``) says where it is zero.  Matrices have the order of the
    raveled state.  Errors: ``TypeError`` when ``f`` cannot be called or ``tspan`` is no pair.

    Example::

        decay = ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 2.0), args=0.5)
        sol = ude.solve(decay)
        lamp = ude.ODE(lambda t, y, k: jnp.where(t < 1, 1.0, 0.0) - k * y, 0.0, (0.0, 2.0), 0.5, discontinuities=[1.0])
        circle = ude.ODE(lambda t, y, _: [-y[1], y[0]**2 + y[1]**2 - 1], [1.0, 0.0], (0.0, 1.0), mass=[1.0, 0.0])
    """
    pair = tuple(tspan) if isinstance(tspan, Sequence) or is_array(tspan) else tspan
    events = (events,) if isinstance(events, Event) else tuple(events)
    return Problem(
        f=f, y0=y0, tspan=pair, args=args, events=events, mode=mode, stops=stops, discontinuities=discontinuities, inside=inside,
        mass=mass, jac=jac, structure=structure,
    )  # fmt: skip
