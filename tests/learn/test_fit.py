"""``fit``: stages, stopping, failed evaluations, what is compiled and what comes back."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.learn.problems import quadratic, rosenbrock
from universalde.learn import LBFGS, MLP, Adam, Optax, fit

VALLEY = {"x": jnp.array([-1.2, 1.0, -0.5, 2.0])}


@pytest.mark.parametrize("stage", [LBFGS(200), LBFGS(200, memory=30)])
def test_a_quasi_newton_stage_solves_rosenbrock_to_1e_10(stage):
    result = fit(rosenbrock, VALLEY, stages=stage, progress=False)
    assert result.loss < 1e-10
    np.testing.assert_allclose(result.params["x"], 1.0, atol=1e-8)
    assert result.evaluations < 100


def test_adam_with_the_cosine_schedule_ends_nearer_than_with_a_constant_rate():
    def noisy_valley(params):
        return jnp.sum(jnp.abs(params["x"] - 3.0))

    constant = fit(noisy_valley, VALLEY, stages=Adam(0.3, 200), progress=False)
    cosine = fit(noisy_valley, VALLEY, stages=Adam(0.3, 200, schedule="cosine"), progress=False)
    assert cosine.loss < constant.loss / 3


def test_adam_takes_the_steps_of_optax():
    result = fit(rosenbrock, VALLEY, stages=Adam(0.01, 5), progress=False)
    optimiser, x = optax.adam(0.01), VALLEY
    state, losses = optimiser.init(x), []

    @jax.jit
    def step(x, state):
        value, gradient = jax.value_and_grad(rosenbrock)(x)
        updates, state = optimiser.update(gradient, state)
        return value, optax.apply_updates(x, updates), state

    for _ in range(6):
        value, x, state = step(x, state)
        losses.append(float(value))
    np.testing.assert_allclose(result.history.loss, losses, rtol=1e-10)


def test_clipping_bounds_the_first_move_of_plain_gradient_descent():
    clipped = Optax(optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.5)), 1)
    seen = []
    fit(rosenbrock, VALLEY, stages=clipped, progress=False, callback=lambda i, p, loss: seen.append(p["x"]))
    assert np.linalg.norm(seen[-1] - VALLEY["x"]) == pytest.approx(0.5)


def test_adam_clips_the_gradient_to_the_norm_that_was_asked_for():
    # After one huge gradient Adam's moments are small if that gradient was clipped, so the next steps stay long.
    def cliff(params):
        return jnp.sum(params["x"]) + 1e6 * jnp.sum(jnp.maximum(params["x"] - 0.9, 0.0))

    free = fit(cliff, {"x": jnp.ones(1)}, stages=Adam(0.1, 30), progress=False)
    clipped = fit(cliff, {"x": jnp.ones(1)}, stages=Adam(0.1, 30, clip=1.0), progress=False)
    assert clipped.params["x"] < free.params["x"] - 0.3


def test_any_optax_transformation_is_a_stage():
    result = fit(quadratic, {"x": jnp.zeros(3)}, stages=Optax(optax.sgd(0.1), 100), progress=False)
    np.testing.assert_allclose(result.params["x"], 3.0, rtol=1e-6)


def test_an_optax_line_search_gets_the_loss_it_needs():
    search = optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(max_backtracking_steps=15))
    result = fit(quadratic, {"x": jnp.zeros(3)}, stages=Optax(search, 60), progress=False)
    assert result.loss < 1e-10


def test_every_stage_starts_from_the_best_point_of_the_one_before():
    result = fit(rosenbrock, VALLEY, stages=(Adam(0.05, 50), LBFGS(100)), progress=False)
    adam, lbfgs = result.stages
    assert (adam.name, adam.iterations, lbfgs.name) == ("Adam", 50, "LBFGS")
    assert result.history.boundaries[0] == 50
    assert result.history.loss[51] <= np.min(result.history.loss[:51])
    assert len(result.history.loss) == len(result.history.gradient) == 51 + lbfgs.iterations


def test_the_result_holds_the_best_point_and_not_the_last():
    result = fit(quadratic, {"x": jnp.zeros(1)}, stages=Adam(2.0, 4), progress=False)
    assert result.loss == np.min(result.history.loss) < result.history.loss[-1]
    assert float(quadratic(result.params)) == result.loss


def test_the_loss_is_traced_once_for_all_stages_and_never_again_for_new_data():
    traces = []

    def loss(params, data):
        traces.append(1)
        return jnp.mean((params["x"] - data) ** 2)

    for k in range(3):
        stages = (Adam(0.1 + k, 20 + k, schedule="cosine"), LBFGS(10 + k))
        fit(loss, {"x": jnp.zeros(2)}, args=(np.full(2, float(k)),), stages=stages, progress=False)
    assert len(traces) == 1


def test_leaves_that_are_no_floating_point_arrays_come_back_as_they_were():
    net = MLP(1, 1, width=4, depth=1, key=jax.random.key(0))
    params = {"net": net, "count": jnp.arange(3), "name": "model", "rate": 0.5}

    def loss(params):
        return params["net"](jnp.ones(1))[0] ** 2 + (params["rate"] - params["count"][2]) ** 2

    result = fit(loss, params, stages=LBFGS(50), progress=False)
    assert result.params["count"] is params["count"] and result.params["name"] == "model"
    assert jax.tree.structure(result.params["net"]) == jax.tree.structure(net)
    assert float(result.params["rate"]) == pytest.approx(2.0)


def test_float32_parameters_stay_float32_and_converge():
    params = {"x": jnp.array([-1.2, 1.0], jnp.float32)}
    result = fit(rosenbrock, params, stages=(Adam(0.01, 20), LBFGS(200)), progress=False)
    assert result.params["x"].dtype == jnp.float32
    assert result.loss < 1e-8


def test_leaves_of_different_types_keep_their_types():
    params = {"a": jnp.zeros(2, jnp.float32), "b": jnp.zeros(2), "c": jnp.zeros(2, jnp.complex128)}
    result = fit(lambda p: quadratic({**p, "c": p["c"].real - p["c"].imag}), params, stages=LBFGS(50), progress=False)
    assert {k: v.dtype for k, v in result.params.items()} == {k: v.dtype for k, v in params.items()}
    np.testing.assert_allclose(result.params["c"], 1.5 - 1.5j, rtol=1e-6)


def test_what_the_loss_returns_besides_the_number_is_returned_for_the_best_parameters():
    def loss(params):
        return quadratic(params), {"doubled": 2 * params["x"]}

    result = fit(loss, {"x": jnp.zeros(2)}, stages=LBFGS(20), progress=False)
    np.testing.assert_allclose(result.aux["doubled"], 6.0)


def test_a_loss_that_is_a_module_with_data_is_not_compiled_again_for_other_data():
    traces = []

    class Distance(eqx.Module):
        data: jax.Array

        def __call__(self, params):
            traces.append(1)
            return jnp.sum((params["x"] - self.data) ** 2)

    for target in (1.0, 2.0):
        result = fit(Distance(jnp.full(2, target)), {"x": jnp.zeros(2)}, stages=LBFGS(5), progress=False)
        np.testing.assert_allclose(result.params["x"], target, atol=1e-12)
    assert len(traces) == 1


def test_many_parameters_train_in_programs_of_their_own():
    result = fit(quadratic, {"x": jnp.zeros(20_001)}, stages=(Adam(0.1, 3), LBFGS(5)), progress=False)
    assert result.loss < 1e-12
