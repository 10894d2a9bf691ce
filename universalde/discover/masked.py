"""One compiled evaluation of residuals and Jacobian that serves every support."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree
from jaxtyping import PyTree

from universalde.discover.expression import DenseModel, SparseModel
from universalde.discover.levenberg import Evaluate
from universalde.discover.library import Library

Slots = tuple[tuple[int, int], ...]


class MaskedResiduals:
    """`residuals(DenseModel, extra)` with active coefficients in a fixed number of slots, whose places are traced.

    A place numbers the entries of the (p, o) coefficient matrix; an empty slot has the place one past the end. So the
    support is data: every candidate, and the linearisation in all library terms, runs through one compiled program.
    """

    def __init__(
        self,
        residuals: Callable[[DenseModel, Any], Array],
        library: Library,
        outputs: int,
        slots: int,
        extra: PyTree,
    ) -> None:
        self.shape, self.slots = (len(library), outputs), slots
        real = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(float)), extra)
        flat, self._unravel = ravel_pytree(real)
        self.start_extra = np.asarray(flat, dtype=np.float64)
        self.dtype = jnp.zeros(()).dtype
        self.precision = float(jnp.finfo(self.dtype).eps)
        self._evaluate = _compiled(residuals, library, self.shape, slots, self._unravel)

    def place(self, slot: tuple[int, int]) -> int:
        """Number of the pair (output, term) in the flattened matrix."""
        return slot[1] * self.shape[1] + slot[0]

    def slot(self, place: int) -> tuple[int, int]:
        """The pair (output, term) of a place."""
        return place % self.shape[1], place // self.shape[1]

    def ravel(self, extra: PyTree) -> np.ndarray:
        return np.asarray(ravel_pytree(extra)[0], dtype=np.float64)

    def unravel(self, flat: np.ndarray) -> PyTree:
        return self._unravel(jnp.asarray(flat, self.dtype))

    def on(self, support: Slots) -> Evaluate:
        """Residual and Jacobian as a function of the active coefficients followed by the extra numbers."""
        k = len(support)
        active = np.concatenate([np.arange(k), np.arange(self.slots, self.slots + len(self.start_extra))])
        places = self._places([self.place(slot) for slot in support])

        def evaluate(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            full = np.zeros(self.slots + len(self.start_extra))
            full[active] = parameters
            residual, jacobian = self._run(full, places)
            return residual, jacobian[:, active]

        return evaluate

    def linearise(self, model: SparseModel, extra: PyTree) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Residual at a model, its derivatives by every entry of the coefficient matrix, and by the extra numbers.

        The column of a term that is undefined on the path is NaN.
        """
        current = [self.place(slot) for slot in model.support]
        full = np.zeros(self.slots + len(self.start_extra))
        full[: len(current)] = np.asarray(model.coefficients)
        full[self.slots :] = self.ravel(extra)
        absent = [place for place in range(self.shape[0] * self.shape[1]) if place not in current]
        room = self.slots - len(current)  # absent terms take the free slots in turns, with coefficient zero
        turns = [absent[i : i + room] for i in range(0, len(absent), room)] if room else []
        residual, jacobian = self._run(full, self._places(current))
        columns = np.full((len(residual), self.shape[0] * self.shape[1]), np.nan)
        columns[:, current] = jacobian[:, : len(current)]
        while turns:
            turn = turns.pop()
            value, jacobian = self._run(full, self._places([*current, *turn]))
            if np.all(np.isfinite(value)):
                columns[:, turn] = jacobian[:, len(current) : len(current) + len(turn)]
            elif len(turn) > 1:  # a term that is undefined on the path spoils those beside it: try them one by one
                turns += [[place] for place in turn]
        return residual, columns, jacobian[:, self.slots :]

    def _places(self, places: list[int]) -> np.ndarray:
        padded = np.full(self.slots, self.shape[0] * self.shape[1])
        padded[: len(places)] = places
        return padded

    def _run(self, parameters: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual, jacobian = self._evaluate(jnp.asarray(parameters, self.dtype), jnp.asarray(places))
        return np.asarray(residual, dtype=np.float64), np.asarray(jacobian, dtype=np.float64)


def _compiled(
    residuals: Callable[[DenseModel, Any], Array],
    library: Library,
    shape: tuple[int, int],
    slots: int,
    unravel: Callable[[Array], Any],
) -> Callable[[Array, Array], tuple[Array, Array]]:
    size = shape[0] * shape[1]

    def raw(parameters: Array, places: Array) -> tuple[Array, Array]:
        coefficients = jnp.zeros(size, parameters.dtype).at[places].add(parameters[:slots], mode="drop")
        mask = jnp.zeros(size, bool).at[places].set(True, mode="drop")
        model = DenseModel(library, coefficients.reshape(shape), mask.reshape(shape))
        value = jnp.ravel(jnp.asarray(residuals(model, unravel(parameters[slots:]))))
        return value, value

    @jax.jit
    def evaluate(parameters: Array, places: Array) -> tuple[Array, Array]:
        jacobian, value = jax.jacfwd(raw, has_aux=True)(parameters, places)
        return value, jacobian

    return evaluate
