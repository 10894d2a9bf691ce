"""Distances between a prediction and data with missing entries.

A NaN in the data marks a missing entry: it adds nothing to the loss and nothing to the gradient.  A NaN in the
prediction is a failed solve and always makes the loss NaN, also where data are missing, so that :func:`fit` sees it.

Prediction and data are arrays of one shape, or pytrees of such arrays with one structure.  ``weights`` multiply the
squares and ``scale`` divides the residuals; both are numbers, arrays that broadcast to the data, or pytrees like the
data.  Of complex numbers the real and the imaginary part count as two entries.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

__all__ = ["huber", "mean_squared", "mean_squared_log", "mean_squared_relative", "sum_squared"]


def mean_squared(prediction: Any, data: Any, weights: Any = None, scale: Any = None) -> Float[Array, ""]:
    r"""Mean of :math:`w\,((\hat y - y)/s)^2` over the entries that are present.

    Raises ``ValueError`` when shapes differ or all data are missing.

    >>> import jax.numpy as jnp
    >>> float(mean_squared(jnp.array([1.0, 5.0]), jnp.array([3.0, jnp.nan])))
    4.0
    """
    total, count = _reduce(_difference, jnp.square, prediction, data, weights, scale)
    return total / count


def sum_squared(prediction: Any, data: Any, weights: Any = None, scale: Any = None) -> Float[Array, ""]:
    r"""Sum of :math:`w\,((\hat y - y)/s)^2` over the entries that are present.

    Raises ``ValueError`` when shapes differ or all data are missing.

    >>> import jax.numpy as jnp
    >>> float(sum_squared(jnp.array([1.0, 5.0]), jnp.array([3.0, 4.0])))
    5.0
    """
    return _reduce(_difference, jnp.square, prediction, data, weights, scale)[0]


def mean_squared_relative(
    prediction: Any, data: Any, weights: Any = None, floor: float | int = 0.0
) -> Float[Array, ""]:
    r"""Mean of :math:`w\,((\hat y - y)/\max(|y|, f))^2`; ``floor`` keeps small data from counting without bound.

    Raises ``ValueError`` when shapes differ, all data are missing, or an entry is zero and no floor is given.

    >>> import jax.numpy as jnp
    >>> float(mean_squared_relative(jnp.array([1.0, 30.0]), jnp.array([2.0, 20.0])))
    0.25
    """
    if floor <= 0:
        _refuse(data, lambda y: y == 0, "a relative loss divides by the data; give floor= above zero")

    def residual(prediction: Array, data: Array) -> Array:
        return (prediction - data) / jnp.maximum(jnp.abs(data), jnp.asarray(floor, data.dtype))

    total, count = _reduce(residual, jnp.square, prediction, data, weights, None)
    return total / count


def mean_squared_log(prediction: Any, data: Any, weights: Any = None) -> Float[Array, ""]:
    r"""Mean of :math:`w\,(\log \hat y - \log y)^2`, for populations and concentrations.

    A prediction below zero gives NaN.

    Raises ``ValueError`` when shapes differ, all data are missing, or an entry is not above zero.

    >>> import jax.numpy as jnp
    >>> round(float(mean_squared_log(jnp.array([jnp.e]), jnp.array([1.0]))), 6)
    1.0
    """
    _refuse(data, lambda y: y <= 0, "a logarithmic loss needs data above zero; write nan for entries to leave out")

    def residual(prediction: Array, data: Array) -> Array:
        return jnp.log(prediction) - jnp.log(data)

    total, count = _reduce(residual, jnp.square, prediction, data, weights, None)
    return total / count


def huber(
    prediction: Any, data: Any, delta: float | int = 1.0, weights: Any = None, scale: Any = None
) -> Float[Array, ""]:
    r"""Mean of Huber's function: :math:`r^2/2` for residuals up to ``delta``, :math:`\delta(|r|-\delta/2)` beyond.

    Raises ``ValueError`` when shapes differ or all data are missing.

    >>> import jax.numpy as jnp
    >>> float(huber(jnp.array([0.0]), jnp.array([3.0])))
    2.5

    Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964).
    """
    if not delta > 0:
        raise ValueError(f"huber(delta={delta}): the residual where the loss becomes linear must be above zero.")

    def penalty(residual: Array) -> Array:
        inner = jnp.clip(residual, -delta, delta)
        return inner * (residual - inner / 2)

    total, count = _reduce(_difference, penalty, prediction, data, weights, scale)
    return total / count


def _difference(prediction: Array, data: Array) -> Array:
    return prediction - data


def _reduce(residual: Callable, penalty: Callable, prediction: Any, data: Any, weights: Any, scale: Any) -> tuple:
    """Weighted sum of the penalties, and the number of entries that are present."""
    predictions, structure = jax.tree.flatten(prediction)
    observed, found = jax.tree.flatten(data)
    if structure != found:
        raise ValueError(f"The prediction has the structure {structure} and the data {found}; they must be the same.")
    _refuse_all_missing(observed)
    sides = [_spread(extra, structure, len(observed)) for extra in (weights, scale)]
    total, count = 0.0, 0.0
    for predicted, seen, weight, unit in zip(predictions, observed, *sides, strict=True):
        summed, present = _leaf(residual, penalty, jnp.asarray(predicted), seen, weight, unit)
        total, count = total + summed, count + present
    return jnp.asarray(total), jnp.asarray(count)


def _leaf(residual: Callable, penalty: Callable, prediction: Array, data: Any, weight: Any, scale: Any) -> tuple:
    if prediction.shape != np.shape(data):
        raise ValueError(
            f"The prediction has shape {prediction.shape} and the data {np.shape(data)}; they must be the same "
            "(rows are times: sol.ys of 21 times and 2 unknowns has shape (21, 2))."
        )
    data = jnp.asarray(data, prediction.dtype)
    if jnp.iscomplexobj(prediction):
        prediction, data = (jnp.stack([x.real, x.imag]) for x in (prediction, data))
    present = ~jnp.isnan(data)
    # Missing entries are compared with one, a value every residual accepts, on both sides, so that no NaN and no
    # infinite slope reaches the gradient; 0 * prediction lets a failed solve through.
    predicted = jnp.where(present, prediction, jnp.ones_like(prediction))
    difference = residual(predicted, jnp.where(present, data, jnp.ones_like(data)))
    if scale is not None:
        difference = difference / jnp.asarray(scale, prediction.dtype)
    terms = penalty(difference) if weight is None else jnp.asarray(weight, prediction.dtype) * penalty(difference)
    return jnp.sum(jnp.where(present, terms, 0 * prediction)), jnp.sum(present, dtype=prediction.dtype)


def _spread(extra: Any, structure: Any, count: int) -> list:
    """One weight or scale for each leaf."""
    if jax.tree.structure(extra) == structure and extra is not None:
        return jax.tree.leaves(extra)
    return [extra] * count


def _concrete(leaves: list) -> list[np.ndarray]:
    return [] if any(isinstance(x, jax.core.Tracer) for x in leaves) else [np.asarray(x) for x in leaves]


def _refuse_all_missing(observed: list) -> None:
    known = _concrete(observed)
    if known and math.prod(1 if np.isnan(x).all() else 0 for x in known):
        raise ValueError("All data are missing (NaN), so there is nothing to compare the prediction with.")


def _refuse(data: Any, wrong: Callable, sentence: str) -> None:
    for x in _concrete(jax.tree.leaves(data)):
        if np.any(wrong(x)):
            raise ValueError(f"The data hold {x[wrong(x)].flat[0]}: {sentence}.")
