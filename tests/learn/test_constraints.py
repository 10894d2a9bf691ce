"""Frozen, positive and bounded parameters."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.learn.problems import quadratic
from universalde.learn import LBFGS, MLP, Adam, Between, Positive, fit
from universalde.learn.constraints import Space, as_trainable

PARAMS = {"rate": jnp.array([0.5, 2.0]), "share": jnp.array(0.25), "offset": jnp.array(-1.0)}


class Model(eqx.Module):
    net: MLP
    rates: jax.Array
    days: float


@pytest.mark.parametrize("x", [1e-12, 1e-3, 0.7, 5.0, 200.0])
@pytest.mark.parametrize("kind", ["exp", "softplus"])
def test_a_positive_value_survives_the_way_there_and_back(kind, x):
    np.testing.assert_allclose(Positive(kind).value(Positive(kind).free(x)), x, rtol=1e-13)


@pytest.mark.parametrize("x", [-1.999999, -1.0, 0.0, 4.3, 4.999999])
def test_a_bounded_value_survives_the_way_there_and_back(x):
    limits = Between(-2.0, 5.0)
    np.testing.assert_allclose(limits.value(limits.free(x)), x, rtol=1e-13, atol=1e-14)


def test_every_vector_gives_values_inside_the_constraints():
    z = np.linspace(-30, 30, 61)
    assert np.all(Positive("exp").value(z) > 0) and np.all(Positive("softplus").value(z) > 0)
    inside = Between(1.0, 2.0).value(z)
    assert np.all((inside >= 1.0) & (inside <= 2.0))


def test_parameters_survive_the_way_to_the_vector_and_back():
    complex_too = {**PARAMS, "wave": jnp.array([1 + 2j, 3 - 1j]), "single": jnp.ones((2, 2), jnp.float32), "n": 3}
    space = Space.of(complex_too, frozen=lambda p: p["offset"], positive=lambda p: p["rate"])
    back = space.params(space.vector(complex_too))
    assert space.size == 2 + 1 + 4 + 4
    for name, leaf in complex_too.items():
        np.testing.assert_allclose(back[name], leaf, rtol=1e-15)
        assert jnp.result_type(back[name]) == jnp.result_type(leaf)


def test_positive_parameters_stay_positive_where_the_loss_pulls_them_below_zero():
    result = fit(
        lambda p: jnp.sum((p["rate"] + 1.0) ** 2),
        PARAMS,
        positive=lambda p: p["rate"],
        stages=Adam(0.1, 200),
        progress=False,
    )
    assert np.all(result.params["rate"] > 0) and np.all(result.params["rate"] < 0.1)


@pytest.mark.parametrize("kind", ["exp", "softplus"])
def test_a_positive_parameter_reaches_its_optimum(kind):
    where = (lambda p: [p["rate"], p["share"]], Positive(kind))
    result = fit(quadratic, PARAMS, positive=where, stages=LBFGS(100), progress=False)
    np.testing.assert_allclose(result.params["rate"], 3.0, rtol=1e-6)


def test_a_bounded_parameter_stays_between_its_limits():
    result = fit(
        quadratic, PARAMS, bounds=(lambda p: p["share"], Between(0.0, 1.0)), stages=Adam(0.2, 200), progress=False
    )
    assert 0.9 < result.params["share"] < 1.0
    np.testing.assert_allclose(result.params["offset"], 3.0, atol=0.1)


@pytest.mark.parametrize(
    "frozen",
    [lambda p: (p.rates, p.net.layers[0]), [lambda p: p.rates, lambda p: p.net.layers[0]]],
)
def test_frozen_leaves_are_exactly_unchanged(frozen):
    net = MLP(1, 1, width=3, depth=1, key=jax.random.key(0))
    model = Model(net, jnp.array([0.1, 0.3]), days=7.0)

    def loss(model):
        return (model.net(jnp.ones(1))[0] - model.rates[0] * model.days) ** 2

    result = fit(loss, model, frozen=frozen, stages=LBFGS(20), progress=False)
    assert result.loss < 1e-10
    assert result.params.rates is model.rates and result.params.days == 7.0
    assert result.params.net.layers[0].weight is model.net.layers[0].weight
    assert not np.array_equal(result.params.net.layers[1].weight, model.net.layers[1].weight)


def test_a_tree_of_bools_selects_like_a_function():
    whole = Space.of(PARAMS, frozen={"rate": True, "share": False, "offset": True})
    function = Space.of(PARAMS, frozen=lambda p: (p["rate"], p["offset"]))
    assert eqx.tree_equal(whole, function)


def test_numbers_in_containers_are_trained_and_numbers_in_modules_are_not():
    converted = as_trainable({"k": 0.5, "model": Model(MLP(1, 1, key=jax.random.key(0)), jnp.ones(2), days=7.0)})
    assert eqx.is_inexact_array(converted["k"]) and isinstance(converted["model"].days, float)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (dict(positive=lambda p: p["offset"]), r"\['offset'\] must start above zero.*-1"),
        (
            dict(bounds=[(lambda p: p["rate"], Between(0.0, 1.0))]),
            r"\['rate'\] must start strictly between 0.0 and 1.0",
        ),
        (dict(bounds=[(lambda p: p["rate"], 1.0)]), "pairs of a selection and its limits"),
        (dict(positive=lambda p: p["rate"], bounds=[(lambda p: p["rate"], Between(0.0, 9.0))]), "has two constraints"),
        (dict(positive=lambda p: p["rate"], frozen=lambda p: p["rate"]), "it is frozen"),
        (dict(frozen=lambda p: p), "nothing to train"),
        (dict(frozen=lambda p: p["speed"]), "fails on the parameters.*The leaves are"),
        (dict(frozen=lambda p: 3), "picks no parameter"),
        (dict(frozen={"rate": True}), "does not fit the parameters"),
        (dict(frozen="rate"), "takes a function"),
    ],
)
def test_a_selection_or_start_that_does_not_fit_is_refused_with_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        Space.of(PARAMS, **options)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Between(2.0, 1.0), "low < high"),
        (lambda: Between(0.0, np.inf), "one side only use positive"),
        (lambda: Positive("square"), "kinds are"),
    ],
)
def test_a_constraint_that_cannot_be_is_refused_with_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_complex_leaf_cannot_be_positive():
    with pytest.raises(ValueError, match="complex"):
        Space.of({"z": jnp.ones(2, complex)}, positive=lambda p: p["z"])
