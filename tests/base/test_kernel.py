"""One native kernel: which compiled programs carry the mark, that the mark still works, and that all are right."""

import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.base.kernel_dump import marked, unmarked
from tests.source_rules import ROOT
from universalde.base.kernel import ATTRIBUTES, kernel, obstacle

on_cpu = pytest.mark.skipif(jax.default_backend() != "cpu", reason="native kernels are a matter of the CPU")
LANES = jnp.array([0.5, 1.0, 2.0])


def entry_of(function, *arguments):
    """The entry computation of the compiled program."""
    text = jax.jit(function).lower(*arguments).compile().as_text()
    return text[text.index("ENTRY") :]


def marks_in(entry):
    """Calls of kernels of ours that carry the mark; XLA itself marks some loops of a few hundred bytes."""
    return len(re.findall(r'= .* call\(.*to_apply=%universalde_kernel.*xla_cpu_small_call="true"', entry))


def loops_in(entry):
    return len(re.findall(r"= .* while\(", entry))


PROGRAMS = {
    "solve": (marked, 1.0, 1),
    "vmap": (jax.vmap(marked), LANES, 1),
    "gradient": (jax.grad(marked), 1.0, 2),  # the solve, and the walk back over its tape
    "vmap of gradient": (jax.vmap(jax.grad(marked)), LANES, 2),
}


@on_cpu
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_small_solve_is_one_kernel_and_its_gradient_two(name):
    function, argument, kernels = PROGRAMS[name]
    entry = entry_of(function, argument)
    assert marks_in(entry) == kernels
    assert loops_in(entry) == 0  # every loop is inside one


@on_cpu
def test_a_solve_under_a_map_is_a_kernel_in_the_map():
    text = jax.jit(lambda k: jax.lax.map(marked, k)).lower(LANES).compile().as_text()
    assert 'xla_cpu_small_call="true"' in text


@on_cpu
def test_the_opt_out_leaves_no_mark_and_gives_the_same_numbers():
    entry = entry_of(unmarked, 1.0)
    assert marks_in(entry) == 0 and loops_in(entry) >= 1
    np.testing.assert_allclose(unmarked(1.0), marked(1.0), rtol=1e-13)


@on_cpu
def test_the_marked_program_really_is_one_native_function(tmp_path):
    # A canary: should XLA rename the attribute or stop honouring it, the marked solve falls apart into some thirty kernels.
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_dump_to={tmp_path}".strip()
    command = [sys.executable, "-m", "tests.base.kernel_dump"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "XLA_FLAGS": flags}, timeout=300, check=True, capture_output=True)
    kernels = {
        name: [path.name for path in tmp_path.glob(f"*jit_{name}.obj-file.*")] for name in ("marked", "unmarked")
    }
    assert len([name for name in kernels["marked"] if "universalde_kernel" in name]) == 1
    assert len(kernels["marked"]) <= 4
    assert len(kernels["unmarked"]) > 10


def scatter(x):
    return jnp.zeros_like(x).at[jnp.array([1, 0])].set(x)


def in_loop(f):
    return lambda x: jax.lax.fori_loop(0, 3, lambda i, x: f(x), x)


EXCLUDED = {
    "scatter": (scatter, np.ones(2), "scatter"),
    "sort": (jnp.sort, np.ones(4), "sort"),
    "argsort inside a loop": (in_loop(lambda x: x[jnp.argsort(x)]), np.ones(4), "sort"),
    "fft": (lambda x: jnp.fft.fft(x).real, np.ones(4), "fft"),
    "factorisation": (lambda x: jnp.linalg.solve(jnp.eye(3) + x, x), np.ones(3), "lu|triangular|linear_solve"),
    "cholesky": (lambda x: jnp.linalg.cholesky(jnp.eye(3) + x * x.T), np.ones(3), "cholesky"),
    "callback": (lambda x: jax.pure_callback(lambda x: x, x, x), np.ones(2), "callback"),
    "a product of matrices": (lambda x: x @ x, np.ones((8, 8)), "product of two matrices"),
    "a large array at every step": (in_loop(lambda x: x + 1.0), np.ones(1 << 14), "131072 bytes"),
    "a large matrix at every step": (in_loop(lambda x: jnp.ones((512, 512)) @ x), np.ones(512), "bytes|large matrix"),
}


@pytest.mark.parametrize("case", EXCLUDED)
def test_what_cannot_live_in_a_kernel_is_found(case):
    function, x, reason = EXCLUDED[case]
    assert re.search(reason, obstacle(jax.make_jaxpr(function)(x)) or "nothing")


ADMITTED = {
    "arithmetic": (lambda x: jnp.sin(x) * x, np.ones(3)),
    "matrix times vector": (lambda x: jnp.ones((8, 3)) @ x, np.ones(3)),
    "gather, cumsum and cond": (lambda x: jax.lax.cond(x[0] > 0, jnp.cumsum, lambda x: x[::-1], x), np.ones(3)),
    "random bits": (lambda x: x + jax.random.normal(jax.random.key(0), x.shape), np.ones(3)),
    "complex numbers": (lambda x: jnp.real(jnp.exp(1j * x)), np.ones(3)),
    "a loop": (in_loop(lambda x: x / 2), np.ones(3)),
    "rows of a long buffer": (
        lambda x: jax.lax.fori_loop(
            0, 3, lambda i, b: jax.lax.dynamic_update_slice(b, x[None], (i, 0)), jnp.zeros((100_000, 3))
        )[:3],
        np.ones(3),
    ),
}


@on_cpu
@pytest.mark.parametrize("case", ADMITTED)
def test_what_can_live_in_a_kernel_is_marked_and_right(case):
    function, x = ADMITTED[case]
    assert obstacle(jax.make_jaxpr(function)(x)) is None
    assert marks_in(entry_of(kernel(function), x)) == 1
    np.testing.assert_allclose(jax.jit(kernel(function))(x), function(x), rtol=1e-12)


@on_cpu
@pytest.mark.parametrize("case", ["scatter", "argsort inside a loop", "factorisation", "a product of matrices"])
def test_what_is_excluded_is_not_marked_and_still_right(case):
    function, x, _ = EXCLUDED[case]
    x = x + np.arange(x.size, dtype=float).reshape(x.shape)
    assert marks_in(entry_of(kernel(function), x)) == 0
    np.testing.assert_allclose(jax.jit(kernel(function))(x), function(x), rtol=1e-12)


@on_cpu
def test_the_decision_falls_after_the_batch_is_known():
    # A row written at an index is a slice update alone, and a scatter where the index differs from lane to lane.
    def put(i, x):
        return jax.lax.dynamic_update_slice(x, jnp.ones(1), (i,))

    one, lanes = kernel(put), jax.vmap(kernel(put))
    assert marks_in(entry_of(one, 1, np.zeros(4))) == 1
    assert marks_in(entry_of(lanes, np.array([0, 3]), np.zeros((2, 4)))) == 0
    np.testing.assert_array_equal(lanes(np.array([0, 3]), np.zeros((2, 4))), [[1, 0, 0, 0], [0, 0, 0, 1]])


def test_a_kernel_is_differentiated_forwards_and_batched():
    def f(x, y):
        return {"product": x * y, "whole": jnp.arange(3), "sum": jnp.sum(x)}

    point, direction = (np.ones(3), np.arange(3.0)), (np.ones(3), np.zeros(3))
    out, dots = jax.jvp(kernel(f), point, direction)
    np.testing.assert_array_equal(out["product"], [0, 1, 2])
    np.testing.assert_array_equal(dots["product"], [0, 1, 2])
    assert dots["sum"] == 3.0
    lanes = jax.vmap(kernel(f), (0, None))(np.ones((2, 3)), np.arange(3.0))
    assert lanes["product"].shape == (2, 3) and lanes["whole"].shape == (2, 3)


def test_arguments_that_the_kernel_does_not_use_do_no_harm():
    np.testing.assert_array_equal(jax.jit(kernel(lambda x, unused, empty: 2 * x))(np.ones(2), np.ones(3), np.ones(0)), [2, 2])


@pytest.mark.slow
def test_a_solve_with_a_matrix_product_is_right_alone_and_in_lanes():
    matrix = jnp.array(np.random.default_rng(0).normal(size=(6, 6)) / 4)

    def end(start):
        problem = ude.ODE(lambda t, y, a: a @ y, start, (0.0, 1.0), matrix)
        return ude.solve(problem, rtol=1e-9, atol=1e-9, saveat=ude.Save(end=True)).ys[0]

    starts = jnp.stack([jnp.eye(6)[0], jnp.ones(6), jnp.arange(6.0)])
    expected = starts @ jax.scipy.linalg.expm(matrix).T
    np.testing.assert_allclose(jax.vmap(end)(starts), expected, atol=1e-8)
    np.testing.assert_allclose(end(starts[1]), expected[1], atol=1e-8)


def test_the_attributes_are_the_ones_that_were_measured():
    assert ATTRIBUTES == {"xla_cpu_small_call": "true", "inlineable": "false"}
