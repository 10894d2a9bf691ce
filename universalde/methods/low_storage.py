"""Low-storage Runge–Kutta methods: a step works in the registers that its scheme promises."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..base.hold import held, hold
from ..spec.method import Equation, Step
from ..tableaus.low_storage import WRAY, LowStorage, walk
from .hermite import Interpolated
from .tabled import Row

__all__ = ["LowStorageRK", "LowStorageRow"]

UNROLLED = 16  # stages up to which the step of a small state is written out, as for other explicit methods
LARGE = 4096  # numbers in a state from which on stages are run by a loop, so that the registers are all a step holds


class LowStorageRK(Interpolated):
    r"""The explicit Runge–Kutta method of a :class:`LowStorage` row.

    A step from :math:`y` holds ``method.registers`` vectors of the size of the state, the state and the error estimate
    included, and what ``f`` itself needs.  Solve with ``saveat=ude.Save(end=True)`` where memory is short.

    Memory is the derivative at the start of the step when the row says so (FSAL).  Dense output: cubic Hermite
    interpolation, whose two slopes are evaluated only in steps that are read.

    Example: ``ude.solve(problem, ude.CarpenterKennedy2N54(), dt0=1e-3, saveat=ude.Save(end=True))``
    """

    remembers: ClassVar[bool] = False

    tableau: LowStorage

    @property
    def registers(self) -> int:
        """Vectors of the size of the state that a step works in."""
        return self.tableau.registers

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        return (equation.f(t, y) if self.tableau.fsal else ()), ()

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        table = self.tableau
        whole = table.stages <= UNROLLED and y.size < LARGE
        new, error = _unrolled(table, held(equation.f), t, h, y, memory) if whole else _rolled(table, equation.f, t, h, y, memory)
        if table.fsal:
            memory = equation.f(t + h, new)
            error = error + (h * table.numbers.error[-1]) * memory  # pyright: ignore[reportOptionalSubscript]
        return Step(y=new, error=error, memory=memory, data=(y, new), rhs=table.stages)

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        return self.step(Equation(f=held(equation.f)), t, h, y, memory, cache)


def _unrolled(table: LowStorage, f: Any, t: Any, h: Any, y: Any, memory: Any) -> tuple[Any, Any]:
    """Result and error estimate; each stage written out."""
    numbers, error = table.numbers, None

    def evaluate(i: int, place: Any) -> Any:
        nonlocal error
        k = memory if i == 0 and table.fsal else f(t + numbers.c[i] * h, place)
        if numbers.error is not None and numbers.error[i]:
            term = (h * numbers.error[i]) * k
            error = term if error is None else error + term
        return k

    new = walk(table.scheme, numbers.rows, evaluate, h, y, jnp.zeros_like(y))
    return new, error


def _rolled(table: LowStorage, f: Any, t: Any, h: Any, y: Any, memory: Any) -> tuple[Any, Any]:
    """The same in a loop over the stages, which holds the registers and nothing else."""
    numbers, estimates = table.numbers, table.error is not None
    start, stage, rows = _in_ring(table, y) if table.scheme is WRAY else _in_place(table, y)
    weights = jnp.asarray(numbers.error[: table.stages] if numbers.error else np.zeros(table.stages), h.dtype)

    def advance(carry: tuple, row: Any, weight: Any, k: Any) -> tuple:
        registers, k = stage(row, h, k, carry[0])
        return registers, carry[1] + (h * weight) * k if estimates else None

    def body(carry: tuple, numbers: Any) -> tuple:
        row, weight, c = numbers
        return advance(carry, row, weight, f(t + c * h, carry[0][0])), None

    carry, packed = (start, jnp.zeros_like(y) if estimates else None), (rows, weights, jnp.asarray(numbers.c, h.dtype))
    if table.fsal:
        carry = advance(carry, *jax.tree.map(lambda x: x[0], packed[:2]), memory)
        packed = jax.tree.map(lambda x: x[1:], packed)
    (registers, error), _ = jax.lax.scan(body, carry, packed)
    return registers[0], error


def _in_place(table: LowStorage, y: Any) -> tuple[Any, Any, Any]:
    """Registers, stage and numbers of a scheme whose registers keep their places."""

    def stage(row: Any, h: Any, k: Any, registers: Any) -> tuple:
        k = hold(k) if table.error else k  # read twice, computed once
        return table.scheme.stage(row, h, k, registers), k

    rows = table.numbers.rows
    return table.scheme.start(y, jnp.zeros_like(y), rows), stage, jnp.asarray(rows, _real(y))


def _in_ring(table: LowStorage, y: Any) -> tuple[Any, Any, Any]:
    """The same for Wray's form, whose derivatives move from register to register: here the numbers move instead."""
    rows = np.array(table.numbers.rows)
    count = rows.shape[1] - 1
    slots = np.arange(len(rows)) % count
    ahead = np.stack([np.roll(row[:0:-1], slot + 1) for row, slot in zip(rows, slots, strict=True)])

    def stage(row: Any, h: Any, k: Any, registers: Any) -> tuple:
        (b, ahead, slot), (_, y, ring) = row, registers
        ring = jax.lax.dynamic_update_index_in_dim(ring, hold(k) if count == 1 else k, slot, 0)
        y = y + (h * b) * ring[slot]
        place = y
        for j in range(count):
            place = place + (h * ahead[j]) * ring[j]
        return (place, y, ring), ring[slot]

    ring = jnp.zeros((count, *y.shape), y.dtype)
    return (y, y, ring), stage, (jnp.asarray(rows[:, 0], _real(y)), jnp.asarray(ahead, _real(y)), jnp.asarray(slots))


def _real(y: Any) -> Any:
    return jnp.finfo(y.dtype).dtype


class LowStorageRow(Row[LowStorageRK]):
    """The name of a low-storage Runge–Kutta method."""

    stepper = LowStorageRK
