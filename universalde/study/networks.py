"""Networks for the unknown term of a study, scaled so that one set of settings serves every problem."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from universalde.learn import MLP

__all__ = ["Scaled", "scaled_network"]


class Scaled(eqx.Module):
    r"""A network on scaled inputs with scaled outputs: :math:`s_{out} \odot \mathrm{net}(u / s_{in})`."""

    network: MLP
    input_scale: tuple[float, ...] = eqx.field(static=True)
    output_scale: tuple[float, ...] = eqx.field(static=True)

    def __call__(self, u: Any) -> Any:
        """The unknown term for one input vector."""
        scaled = u / jnp.asarray(self.input_scale, u.dtype)
        return jnp.asarray(self.output_scale, u.dtype) * self.network(scaled)


def scaled_network(
    key: Any,
    input_scale: Any,
    output_scale: Any,
    width: int,
    activation: Sequence[str] | str,
    depth: int = 3,
) -> Scaled:
    """An MLP with Glorot-uniform weights, zero biases, and a last layer a tenth of that (so that physics comes first).

    The scales hold one number per input and per output: what counts as large there.

    Source of the initialisation: X. Glorot, Y. Bengio, AISTATS (2010).
    """  # fmt: skip
    network = MLP(len(input_scale), len(output_scale), width=width, depth=depth, activation=activation, key=key)
    keys = jax.random.split(key, len(network.layers))
    layers = []
    for k, (layer, layer_key) in enumerate(zip(network.layers, keys, strict=True)):
        bound = jnp.sqrt(6.0 / sum(layer.weight.shape)) * (0.1 if k == len(keys) - 1 else 1.0)
        weight = jax.random.uniform(layer_key, layer.weight.shape, layer.weight.dtype, -bound, bound)
        layer = eqx.tree_at(lambda m: (m.weight, m.bias), layer, (weight, jnp.zeros_like(layer.bias)))
        layers.append(layer)
    network = eqx.tree_at(lambda m: m.layers, network, tuple(layers))
    return Scaled(network, tuple(map(float, input_scale)), tuple(map(float, output_scale)))
