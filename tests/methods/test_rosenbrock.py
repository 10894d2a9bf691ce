"""The stepper of Rosenbrock methods."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

OPTIONS = {"rtol": 1e-8, "atol": 1e-12, "saveat": ude.Save(end=True)}


def robertson(t, y, k):
    slow, quick, middle = k[0] * y[0], k[1] * y[1] * y[1], k[2] * y[1] * y[2]
    return jnp.stack([middle - slow, slow - middle - quick, quick])


PROBLEM = ude.ODE(robertson, jnp.array([1.0, 0.0, 0.0]), (0.0, 100.0), jnp.array([0.04, 3e7, 1e4]))
END = np.array([0.6172348823960878, 6.153591274639123e-06, 0.3827589640126376])


def end(k, **changes):
    return ude.solve(PROBLEM.replace(args=k, **changes), ude.Rodas5P(), **OPTIONS).ys[0]


def test_a_solve_of_a_small_stiff_problem_is_one_native_kernel():
    text = jax.jit(end).lower(PROBLEM.args).compile().as_text()
    entry = text[text.index("ENTRY") :]
    assert re.search(r'call\(.*to_apply=%universalde_kernel.*xla_cpu_small_call="true"', entry)
    assert "custom-call" not in text and "while(" not in entry


@pytest.mark.parametrize("jac", [None, "differences", "given"])
def test_the_jacobian_by_forward_mode_by_differences_or_given_leads_to_the_same_end(jac):
    def given(t, y, k):
        zero = 0 * y[0]
        return [
            [-k[0] + zero, k[2] * y[2], k[2] * y[1]],
            [k[0] + zero, -k[2] * y[2] - 2 * k[1] * y[1], -k[2] * y[1]],
            [zero, 2 * k[1] * y[1], zero],
        ]

    np.testing.assert_allclose(end(PROBLEM.args, jac=given if jac == "given" else jac), END, rtol=2e-6)


def test_derivatives_agree_in_forward_and_reverse_mode_and_with_differences():
    value = lambda k: end(k)[1] * 1e5  # noqa: E731
    reverse, forward = jax.grad(value)(PROBLEM.args), jax.jacfwd(value)(PROBLEM.args)
    np.testing.assert_allclose(reverse, forward, rtol=1e-10)
    for i, k in enumerate(PROBLEM.args):
        move = jnp.zeros(3).at[i].set(1e-4 * k)
        np.testing.assert_allclose(reverse[i], (value(PROBLEM.args + move) - value(PROBLEM.args - move)) / (2e-4 * k), rtol=1e-5)


def test_lanes_of_a_batch_come_to_the_same_as_alone():
    many = PROBLEM.args * jnp.array([[1.0], [1.1], [0.9]])
    np.testing.assert_allclose(jax.vmap(end)(many), [end(k) for k in many], rtol=1e-9)


def test_statistics_count_jacobians_and_factorisations():
    stats = ude.solve(PROBLEM, ude.Rodas5P(), **OPTIONS).stats
    assert stats.jacobians == stats.factorisations == stats.steps + stats.rejected
    assert stats.iterations == 0
    assert ude.solve(PROBLEM.replace(tspan=(0.0, 1e-3)), ude.Tsit5(), **OPTIONS).stats.jacobians == 0


def test_a_right_hand_side_that_depends_on_time_is_followed_backwards_too():
    f = lambda t, y, _: -50.0 * (y - jnp.cos(t))  # noqa: E731
    exact = lambda t: (2500 * np.cos(t) + 50 * np.sin(t)) / 2501  # noqa: E731
    sol = ude.solve(ude.ODE(f, exact(0.0), (0.0, 3.0)), ude.Rodas5P(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sol.ys, exact(np.asarray(sol.ts)), rtol=1e-7)
    np.testing.assert_allclose(sol(1.234), exact(1.234), rtol=1e-6)
    back = ude.solve(ude.ODE(lambda t, y, _: 50.0 * (y - jnp.cos(t)), 0.5, (3.0, 0.0)), ude.Rodas5P(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(back.y, (2500 - 0 * 50) / 2501, rtol=1e-7)


def test_single_precision_is_kept():
    small = PROBLEM.replace(y0=np.float32([1, 0, 0]), args=np.float32([0.04, 3e7, 1e4]))
    sol = ude.solve(small, ude.Rodas5P(), rtol=1e-4, atol=1e-8)
    assert sol.ys.dtype == jnp.float32
    np.testing.assert_allclose(sol.y, END, rtol=1e-3)


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"jac": 3}, TypeError, r"jac = 3; give a function jac\(t, y, args\)"),
        ({"jac": lambda t, y, k: jnp.eye(2)}, ValueError, r"jac returned an array of shape \(2, 2\); the state has 3 numbers"),
        ({"structure": 3}, TypeError, "structure = 3 says nothing about the Jacobian"),
        ({"structure": ude.Dense}, TypeError, r"write ude\.Dense\(\.\.\.\)"),
        ({"y0": jnp.ones(3) * 1j}, TypeError, "implicit methods solve real systems"),
    ],
)
def test_what_does_not_fit_gets_a_sentence(changes, kind, sentence):
    with pytest.raises(kind, match=sentence):
        ude.solve(PROBLEM.replace(**changes), ude.Rodas5P(), **OPTIONS)


def test_a_jacobian_that_is_not_that_of_the_right_hand_side_is_named_with_its_entry():
    wrong = lambda t, y, k: [[-k[0], k[2] * y[2], 0.0], [k[0], -k[2] * y[2], 0.0], [0.0, 0.0, 0.0]]  # noqa: E731
    with pytest.raises(ValueError, match=r"jac does not agree .* df\[\d\]/dy\[\d\] is .*, but .* stands there"):
        ude.solve(PROBLEM.replace(jac=wrong), ude.Rodas5P(), **OPTIONS)


def test_a_structure_that_leaves_entries_out_is_named_with_one_of_them():
    with pytest.raises(ValueError, match=r"the structure Diagonal\(\) does not agree"):
        ude.solve(PROBLEM.replace(structure=ude.Diagonal()), ude.Rodas5P(), **OPTIONS)
