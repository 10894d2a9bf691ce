"""The small network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from universalde.learn import MLP


def test_it_computes_what_its_equation_says():
    net = MLP(2, 1, width=3, depth=2, activation=("rbf", "tanh"), key=jax.random.key(0))
    first, second, last = net.layers
    x = np.array([0.3, -1.2])
    hidden = np.exp(-((first.weight @ x + first.bias) ** 2))
    expected = last.weight @ np.tanh(second.weight @ hidden + second.bias) + last.bias
    np.testing.assert_allclose(net(jnp.asarray(x)), expected, rtol=1e-14)


def test_the_network_of_the_lotka_volterra_case_has_87_weights():
    net = MLP(2, 2, width=5, depth=3, activation="rbf", key=jax.random.key(0))
    assert sum(leaf.size for leaf in jax.tree.leaves(net)) == 87


def test_the_last_layer_starts_smaller_by_final_scale():
    key = jax.random.key(1)
    small, usual = MLP(2, 2, key=key, final_scale=0.01), MLP(2, 2, key=key, final_scale=1)
    np.testing.assert_allclose(small(jnp.ones(2)), 0.01 * usual(jnp.ones(2)), rtol=1e-12)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_weights_and_outputs_have_the_type_that_was_asked_for(dtype):
    net = MLP(2, 2, key=jax.random.key(0), dtype=dtype, final_scale=0.1)
    assert {leaf.dtype for leaf in jax.tree.leaves(net)} == {jnp.dtype(dtype)}
    assert net(jnp.ones(2, dtype)).dtype == dtype


def test_weights_start_uniform_within_one_over_the_root_of_the_inputs():
    net = MLP(100, 1, width=200, depth=1, key=jax.random.key(0))
    weight = np.asarray(net.layers[0].weight)
    assert 0.099 < weight.max() <= 0.1 and -0.1 <= weight.min() < -0.099
    assert abs(weight.mean()) < 1e-3 and weight.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.02)
    assert abs(np.corrcoef(weight[:100].ravel(), weight[100:].ravel())[0, 1]) < 0.05


def test_many_networks_can_be_made_at_once():
    nets = jax.vmap(lambda key: MLP(2, 1, width=3, depth=1, key=key))(jax.random.split(jax.random.key(0), 4))
    assert nets.layers[0].weight.shape == (4, 3, 2)
    assert len(np.unique(nets.layers[1].bias)) == 4


def test_without_hidden_layers_it_is_linear():
    net = MLP(2, 1, depth=0, key=jax.random.key(0))
    double = net(2 * jnp.ones(2)) - net(jnp.zeros(2))
    np.testing.assert_allclose(double, 2 * (net(jnp.ones(2)) - net(jnp.zeros(2))), rtol=1e-14)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (dict(activation="cube"), "does not know the activation 'cube'; it knows gelu"),
        (dict(activation=("rbf",), depth=2), "2 hidden layers, but 1 activations"),
        (dict(width=0), r"MLP\(width=0\)"),
        (dict(depth=-1), r"MLP\(depth=-1\)"),
    ],
)
def test_a_network_that_cannot_be_is_refused_with_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        MLP(2, 2, key=jax.random.key(0), **options)
