"""A small network for the unknown term of a right-hand side."""

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
        sizes = [in_size, *[width] * depth, out_size]
        keys = jax.random.split(key, depth + 1)
        layers = [eqx.nn.Linear(a, b, dtype=dtype, key=k) for a, b, k in zip(sizes[:-1], sizes[1:], keys, strict=True)]
        layers[-1] = jax.tree.map(lambda x: x * final_scale, layers[-1])
        self.layers = tuple(layers)
        self.activations = names

    def __call__(self, x: Float[Array, " in_size"]) -> Float[Array, " out_size"]:
        """The output for one input; use ``jax.vmap`` for many."""
        for layer, name in zip(self.layers[:-1], self.activations, strict=True):
            x = _ACTIVATIONS[name](layer(x))
        return self.layers[-1](x)
