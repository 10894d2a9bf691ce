"""A small network for the unknown term of a right-hand side."""

import math
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

__all__ = ["MLP", "rbf"]


def rbf(x: Array) -> Array:
    r"""Gaussian bump :math:`e^{-x^2}`."""
    return jnp.exp(-jnp.square(x))


_ACTIVATIONS = {
    "rbf": rbf,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "gelu": jax.nn.gelu,
    "relu": jax.nn.relu,
    "swish": jax.nn.swish,
    "sin": jnp.sin,
}


@eqx.filter_jit
def _draw(sizes: tuple[int, ...], key: PRNGKeyArray, final_scale: float | int, dtype: Any) -> list:
    """Weights and biases of all layers, uniform within one over the root of the inputs.

    One draw is cut into all layers, because each draw of random numbers takes a quarter of a second to compile.
    """
    pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
    drawn = jax.random.uniform(key, (sum((a + 1) * b for a, b in pairs),), dtype, -1.0, 1.0)
    arrays, start = [], 0
    for layer, (a, b) in enumerate(pairs):
        reach = (final_scale if layer == len(pairs) - 1 else 1.0) / math.sqrt(a)
        weight, bias = jnp.split(reach * drawn[start : start + (a + 1) * b], [a * b])
        arrays.append((weight.reshape(b, a), bias))
        start += (a + 1) * b
    return arrays


def _layer(weight: Array, bias: Array, key: PRNGKeyArray) -> eqx.nn.Linear:
    shell = eqx.filter_eval_shape(eqx.nn.Linear, weight.shape[1], weight.shape[0], key=key)
    return eqx.tree_at(lambda layer: (layer.weight, layer.bias), shell, (weight, bias))


class MLP(eqx.Module):
    r"""Multilayer perceptron :math:`h_{k+1} = \sigma_k(W_k h_k + b_k)`, linear in the last layer.

    ``activation`` is one name for all hidden layers, or one for each: ``("rbf", "rbf", "tanh")``. The last layer starts
    ``final_scale`` times its usual size, so that a model with this term starts near the physics that is known.
    ``dtype`` is the default floating-point type when it is not given.

    Raises ``ValueError`` for sizes below one, an unknown activation, and a list of the wrong length.

    >>> import jax
    >>> net = MLP(2, 2, width=5, depth=3, activation="rbf", key=jax.random.key(0))
    >>> net(jnp.array([0.5, 4.6])).shape
    (2,)

    Rackauckas et al., Universal differential equations for scientific machine learning, arXiv:2001.04385 (2020), use
    the Gaussian activation.
    """

    layers: tuple[eqx.nn.Linear, ...]
    activations: tuple[str, ...] = eqx.field(static=True)

    def __init__(
        self,
        in_size: int,
        out_size: int,
        width: int = 16,
        depth: int = 2,
        activation: str | Sequence[str] = "tanh",
        *,
        key: PRNGKeyArray,
        final_scale: float | int = 0.1,
        dtype: Any = None,
    ):
        for name, size in {"in_size": in_size, "out_size": out_size, "width": width, "depth": depth + 1}.items():
            if size < 1:
                least = "zero" if name == "depth" else "one"
                raise ValueError(f"MLP({name}={size - (name == 'depth')}): write a whole number of at least {least}.")
        names = (activation,) * depth if isinstance(activation, str) else tuple(activation)
        if len(names) != depth:
            raise ValueError(f"MLP(depth={depth}) has {depth} hidden layers, but {len(names)} activations were given.")
        unknown = [name for name in names if name not in _ACTIVATIONS]
        if unknown:
            known = ", ".join(sorted(_ACTIVATIONS))
            raise ValueError(f"MLP does not know the activation {unknown[0]!r}; it knows {known}.")
        dtype = jnp.result_type(float) if dtype is None else jnp.dtype(dtype)
        arrays = _draw((in_size, *[width] * depth, out_size), key, final_scale, dtype)
        self.layers = tuple(_layer(weight, bias, key) for weight, bias in arrays)
        self.activations = names

    def __call__(self, x: Float[Array, " in_size"]) -> Float[Array, " out_size"]:
        """The output for one input; use ``jax.vmap`` for many."""
        for layer, name in zip(self.layers[:-1], self.activations, strict=True):
            x = _ACTIVATIONS[name](layer(x))
        return self.layers[-1](x)
