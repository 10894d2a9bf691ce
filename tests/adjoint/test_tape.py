"""A tape that keeps only every k-th state gives the derivatives of the full one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.loop.program import Program
from universalde.loop.record import Tape, stride, strides

jax.config.update("jax_enable_x64", True)

TIMES = jnp.linspace(0.0, 10.0, 21)
RATES = jnp.array([1.5, 1.0, 1.0, 3.0])


def driven(t, y, p):
    """Lotka–Volterra with a seasonal interaction."""
    eaten = y[0] * y[1] * (1 + 0.1 * jnp.cos(t))
    return jnp.stack([p[0] * y[0] - p[1] * eaten, p[2] * eaten - p[3] * y[1]])


PROBLEM = ude.ODE(driven, jnp.ones(2), (0.0, 10.0), args=RATES)


def loss(rates, end, saving, tape_bytes, adjoint=None):
    """Sum of squares of what is saved; the end of the span moves too."""
    kinds = {"times": {"ts": TIMES * end / 10}, "end": {"end": True}, "steps": {}}
    save = ude.Save(capacity=300, tape_bytes=tape_bytes, **kinds[saving])
    problem = PROBLEM.replace(args=rates, tspan=(0.0, end))
    return jnp.mean(ude.solve(problem, rtol=1e-6, atol=1e-6, saveat=save, adjoint=adjoint).ys ** 2)


def program(tape_bytes, capacity=4096):
    """A program in which only what `stride` looks at is filled."""
    empty = Program(*[None] * len(Program._fields))
    return empty._replace(parts=frozenset({"f"}), capacity=capacity, tape_bytes=tape_bytes)


def row(size):
    """A row of a tape with `size` unknowns."""
    number, vector = jax.ShapeDtypeStruct((), np.float64), jax.ShapeDtypeStruct((size,), np.float64)
    return Tape(number, number, jax.ShapeDtypeStruct((), np.int32), vector, (), (), ())


@pytest.mark.parametrize("saving", ["times", "end", "steps"])
@pytest.mark.parametrize("tape_bytes", [3000, 1])
def test_gradients_do_not_depend_on_the_stride(saving, tape_bytes):
    full, thin = (jax.grad(loss, argnums=(0, 1))(RATES, 10.0, saving, size) for size in (1 << 28, tape_bytes))
    np.testing.assert_allclose(thin[0], full[0], rtol=1e-12)
    np.testing.assert_allclose(thin[1], full[1], rtol=1e-12)


@pytest.mark.parametrize("saving", ["times", "steps"])
def test_gradients_do_not_depend_on_the_number_of_levels(saving):
    adjoint = lambda levels: jax.grad(loss, argnums=(0, 1))(RATES, 10.0, saving, 1 << 28, ude.DiscreteAdjoint(levels))  # noqa: E731
    one = adjoint(1)
    for levels in (2, 3):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), adjoint(levels), one)


@pytest.mark.parametrize(("levels", "expected"), [(1, ()), (2, (64,)), (3, (256, 16)), (12, tuple(2**k for k in range(11, 0, -1)))])
def test_levels_are_powers_of_one_number(levels, expected):
    assert strides(program(1 << 28)._replace(adjoint=ude.DiscreteAdjoint(levels)), row(2)) == expected


def test_the_answer_says_what_the_tape_holds():
    said = []
    for adjoint, tape_bytes in ((None, 1 << 28), (None, 1), (ude.DiscreteAdjoint(3), 1)):
        save = ude.Save(end=True, capacity=4096, tape_bytes=tape_bytes)
        jax.eval_shape(lambda p, s=save, a=adjoint: said.append(ude.solve(PROBLEM.replace(args=p), ude.Tsit5(), saveat=s, adjoint=a).adjoint), RATES)
    assert said == [
        "DiscreteAdjoint: all states kept",
        "DiscreteAdjoint: every 64th state kept, the others computed again",
        "DiscreteAdjoint: every 256th state kept, the others computed again; 3 levels",
    ]


@pytest.mark.parametrize("levels", [0, 1.5, True, "two"])
def test_a_number_of_levels_that_makes_no_sense_gets_a_sentence(levels):
    with pytest.raises(ValueError, match="whole number of at least 1"):
        ude.DiscreteAdjoint(levels)


def test_a_problem_with_a_past_keeps_its_whole_tape():
    delayed = ude.Problem(lambda t, y, k, past: -k * past(t - 1), jnp.ones(1), (0.0, 2.0), 0.5, history=lambda t, k: jnp.ones(1))
    with pytest.raises(ValueError, match=r"write ude.DiscreteAdjoint\(\)"):
        ude.solve(delayed, adjoint=ude.DiscreteAdjoint(2))


def test_forward_mode_and_batches_walk_a_thin_tape_too():
    one = jax.grad(loss)(RATES, 10.0, "times", 1)
    along = jax.jvp(lambda p: loss(p, 10.0, "times", 1), (RATES,), (jnp.ones(4),))[1]
    np.testing.assert_allclose(along, jnp.sum(one), rtol=1e-9)
    many = jax.vmap(jax.grad(lambda p: loss(p, 10.0, "times", 1)))(RATES * jnp.array([[1.0], [1.01]]))
    np.testing.assert_allclose(many[0], one, rtol=1e-12)


def test_a_small_state_is_kept_at_every_attempt():
    assert stride(program(1 << 28), row(1000)) == 1


def test_a_large_state_is_kept_as_often_as_the_budget_allows():
    every = stride(program(1 << 28), row(40_000))
    size = 8 * 40_000
    assert 1 < every < 64 and (4096 / every + every) * size <= 1 << 28 < (4096 / (every - 1) + every - 1) * size


def test_beyond_every_budget_it_is_the_root_of_the_capacity():
    assert stride(program(1 << 28), row(10**6)) == 64


def test_the_budget_must_be_a_number_of_bytes():
    with pytest.raises(ValueError, match="whole number of bytes"):
        ude.Save(tape_bytes=0)
