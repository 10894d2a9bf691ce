"""Programs that compute number by number are told from those that compute with vectors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from universalde.base.components import by_component


def lorenz(y):
    return jnp.stack([10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - jnp.tanh(y[2])])


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lorenz, True),
        (lambda y: jnp.array([y[1], -y[0], 0.0 * y[2]]), True),
        (jax.jit(lorenz), True),
        (lambda y: -y, False),
        (lambda y: jnp.stack([y[0], y[1], jnp.sum(y)]), False),
        (lambda y: jnp.ones((3, 3)) @ y, False),
        (jax.jit(lambda y: jnp.roll(y, 1) - y), False),
    ],
    ids=["Lorenz", "array", "jit", "minus", "sum", "product", "roll"],
)
def test_a_program_is_told_by_its_arithmetic(f, expected):
    assert by_component(jax.make_jaxpr(f)(np.ones(3))) is expected
