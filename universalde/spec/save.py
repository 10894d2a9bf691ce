"""What a solve keeps of its path."""

from collections.abc import Callable
from dataclasses import field
from typing import Any, NamedTuple

import jax
import numpy as np

from ..base.static import record

__all__ = ["Save", "Slice"]


class Slice(NamedTuple):
    """A slice in a form that can be hashed."""

    start: Any
    stop: Any
    step: Any

@record
class Save:
    """What to keep: when, and what of the state.

    *When.*  ``Save()`` keeps every step, ``Save(every=k)`` every k-th; the start and the end are always rows.
    ``Save(ts=times)`` interpolates at ``times`` (increasing in the direction of ``tspan``); ``Save(end=True)`` keeps the
    end only.

    *What.*  ``of(t, y, args)``, an array or any tree of arrays, is kept instead of the state: ``sol.ys`` is that tree, each
    leaf with a leading axis over ``sol.ts``.  It is computed inside the solve, so that memory is proportional to what it
    returns.  Its shapes are fixed; whole numbers and truth values become floats.  For a problem with a ``mode`` it takes
    the mode as a fourth argument.  ``only`` keeps components: an index, a slice or a vector of indices for an array
    (its first axis), a name or a tuple of names for a dict.

    *How much.*  ``capacity`` bounds the rows that a solve inside ``jit``, ``vmap`` or ``grad`` can keep (saved steps, and
    the tape that gradients read); eager solves grow by themselves.  ``tape_bytes`` is what the states on that tape may
    take: when all of them do not fit, every k-th is kept and gradients take the steps between a second time.

    Errors: ``ValueError`` for parts that exclude each other and numbers out of range, ``TypeError`` for the rest.

    Example: ``ude.solve(problem, saveat=ude.Save(ts=jnp.linspace(0, 1, 11), of=lambda t, y, args: y @ y))``
    """

    ts: Any = None
    end: bool = field(default=False, metadata={"static": True})
    capacity: int = field(default=4096, metadata={"static": True})
    tape_bytes: int = field(default=1 << 28, metadata={"static": True})
    every: int = field(default=1, metadata={"static": True})
    of: Callable | None = None
    only: Any = field(default=None, metadata={"static": True})

    def __post_init__(self) -> None:
        if self.ts is not None and self.end:
            raise ValueError("Save was given both ts and end=True; give times, or end=True for the final state only")
        if not isinstance(self.capacity, int) or self.capacity < 2:
            raise ValueError(f"Save(capacity={self.capacity!r}): capacity is a whole number of at least 2")
        if not isinstance(self.tape_bytes, int) or self.tape_bytes < 1:
            raise ValueError(f"Save(tape_bytes={self.tape_bytes!r}): write a whole number of bytes, such as 2**28")
        if not _whole(self.every) or self.every < 1:
            raise ValueError(f"Save(every={self.every!r}): a whole number of at least 1; every=10 keeps each tenth step")
        if self.every > 1 and (self.ts is not None or self.end):
            other = "end=True" if self.end else "ts"
            raise ValueError(f"Save was given both every={self.every} and {other}; every counts steps: leave one of them out")
        if self.of is not None and not callable(self.of):
            raise TypeError(f"Save(of={self.of!r}): give a function of (t, y, args), such as lambda t, y, args: y[0]")
        if self.of is not None and self.only is not None:
            raise ValueError("Save was given both of and only; select in the function: of=lambda t, y, args: y[0]")
        object.__setattr__(self, "only", _selection(self.only))


def _whole(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def _selection(only: Any) -> Any:
    """``only`` in a form that can be hashed: a name, an index, a tuple of either, or a :class:`Slice`."""
    if only is None or isinstance(only, str):
        return only
    if _whole(only):
        return int(only)
    if isinstance(only, slice):
        return Slice(only.start, only.stop, only.step)
    if isinstance(only, list | tuple) and only and all(isinstance(x, str) for x in only):
        return tuple(only)
    if isinstance(only, list | tuple | range | np.ndarray | jax.Array) and not isinstance(only, jax.core.Tracer):
        values = np.asarray(only)
        if values.ndim == 1 and values.size and values.dtype.kind in "iu":
            return tuple(values.tolist())
    raise TypeError(
        f"Save(only={only!r}): give an index, a slice or a vector of indices (of a mask: np.flatnonzero(mask)) for an "
        "array, a name or a tuple of names for a dict"
    )
