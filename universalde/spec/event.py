"""When something happens during a solve, and what then."""

from collections.abc import Callable
from dataclasses import field

from ..base.static import record

__all__ = ["Event"]


@record
class Event:
    """When ``when`` crosses zero, do ``then``.

    ``when(t, y, args) -> number``; ``direction`` +1 takes crossings from below only, -1 from above only, 0 both, in the
    user's time.  ``then(t, y, args) -> y`` is the state to go on with; ``None`` stops the solve there.  For a problem
    with a ``mode`` both functions take it as a fourth argument and ``then`` returns ``(y, mode)``.

    The solve lands on the crossing with a step of the method itself.

    Example (a ball that keeps 0.9 of its speed)::

        bounce = ude.Event(lambda t, y, args: y[0], lambda t, y, args: jnp.array([0.0, -0.9 * y[1]]), direction=-1)
    """

    when: Callable
    then: Callable | None = None
    direction: int = field(default=0, metadata={"static": True})

    def __post_init__(self) -> None:
        if self.direction not in (-1, 0, 1):
            raise ValueError(f"Event(direction={self.direction!r}): give -1 (falling), 0 (both) or +1 (rising)")
