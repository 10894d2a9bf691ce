"""What a solve keeps of its path."""

from dataclasses import field
from typing import Any

from ..base.static import record

__all__ = ["Save"]


@record
class Save:
    """What to keep: given times, every step (both ends included), or only the end.

    ``Save(ts=times)`` interpolates at ``times`` (increasing in the direction of ``tspan``), ``Save()`` keeps every step,
    ``Save(end=True)`` the final state only.  ``capacity`` bounds the rows that a solve inside ``jit``, ``vmap`` or
    ``grad`` can keep (saved steps, and the tape that gradients read); eager solves grow by themselves.  ``tape_bytes``
    is what the states on that tape may take: when all of them do not fit, every k-th is kept and gradients take the steps
    between a second time.

    Example: ``ude.solve(problem, saveat=ude.Save(ts=jnp.linspace(0, 1, 11), capacity=1000))``
    """

    ts: Any = None
    end: bool = field(default=False, metadata={"static": True})
    capacity: int = field(default=4096, metadata={"static": True})
    tape_bytes: int = field(default=1 << 28, metadata={"static": True})

    def __post_init__(self) -> None:
        if self.ts is not None and self.end:
            raise ValueError("Save was given both ts and end=True; give times, or end=True for the final state only")
        if not isinstance(self.capacity, int) or self.capacity < 2:
            raise ValueError(f"Save(capacity={self.capacity!r}): capacity is a whole number of at least 2")
        if not isinstance(self.tape_bytes, int) or self.tape_bytes < 1:
            raise ValueError(f"Save(tape_bytes={self.tape_bytes!r}): write a whole number of bytes, such as 2**28")
