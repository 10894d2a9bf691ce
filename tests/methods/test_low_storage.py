"""Steps of low-storage methods: the same numbers as in Butcher's form, in the registers that are promised."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.methods import low_storage
from universalde.methods.low_storage_rows import LOW_STORAGE

SIZE = 10_000_000


def slope(t, y):
    return jnp.cos(t) * jnp.stack([y[1], -y[0] * y[1], y[0] - y[2]])


def butcher_step(table, t, h, y):
    stages = []
    for row, c in zip(table.a, table.c, strict=False):
        stages.append(slope(t + float(c) * h, y + h * sum((float(a) * k for a, k in zip(row, stages, strict=True)), 0 * y)))
    new = y + h * sum(float(b) * k for b, k in zip(table.b, stages, strict=True))
    return new, table.error and h * sum(float(e) * k for e, k in zip(table.error, stages, strict=True))


# One method of every form: number of registers, with and without an error estimate, FSAL and not.
FORMS = ["ORK256", "CFRLDDRK64", "CKLLSRK43_2", "CKLLSRK54_3C_3R", "CKLLSRK54_3N_4R", "CKLLSRK75_4M_5R", "CKLLSRK85_4FM_4R",
         "ParsaniKetchesonDeconinck3S32", "ParsaniKetchesonDeconinck3S53", "RDPK3Sp35", "RDPK3SpFSAL35"]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "name"), [*(("_unrolled", name) for name in LOW_STORAGE), *(("_rolled", name) for name in FORMS)]
)
def test_a_step_is_that_of_the_butcher_form(name, step):
    row = LOW_STORAGE[name].tableau
    t, h, y = 0.3, 0.2, jnp.array([1.0, -0.5, 2.0])
    with jax.disable_jit():  # nothing is compiled
        memory = slope(t, y) if row.fsal else ()
        new, error = getattr(low_storage, step)(row, slope, jnp.asarray(t), jnp.asarray(h), y, memory)
        if row.fsal:
            error = error + h * row.numbers.error[-1] * slope(t + h, new)
        expected, estimate = butcher_step(row.butcher, t, h, y)
    np.testing.assert_allclose(new, expected, rtol=1e-13)
    if estimate is not None:
        np.testing.assert_allclose(error, estimate, atol=1e-14)


def spring(t, y, k):
    return jnp.stack([y[1], -k * y[0]])


PROBLEM = ude.ODE(spring, jnp.array([1.0, 0.0]), (0.0, 2.0), args=4.0)


@pytest.mark.parametrize("name", ["RDPK3SpFSAL35", "CKLLSRK54_3C_3R"])
def test_error_control_reaches_the_tolerance(name):
    sol = ude.solve(PROBLEM, getattr(ude, name)(), rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(sol.ys[:, 0], np.cos(2 * np.asarray(sol.ts)), atol=3e-6)


def test_times_between_steps_are_interpolated():
    ts = jnp.linspace(0.0, 2.0, 7)
    sol = ude.solve(PROBLEM, ude.CarpenterKennedy2N54(), dt0=0.02, saveat=ts)
    np.testing.assert_allclose(sol.ys[:, 0], np.cos(2 * np.asarray(ts)), atol=1e-6)
    assert sol.stats.steps == 100


def test_gradients_are_those_of_the_numbers_computed():
    def end(k):
        return ude.solve(PROBLEM.replace(args=k), ude.RDPK3SpFSAL35(), rtol=1e-6, atol=1e-6, saveat=jnp.array([2.0])).ys[0, 0]

    np.testing.assert_allclose(jax.grad(end)(4.0), -np.sin(4.0) / 2, atol=1e-4)


def test_a_fixed_step_that_leaves_the_numbers_ends_at_once():
    explosion = ude.ODE(lambda t, y, args: y * y, 1.0, (0.0, 1e6))
    sol = ude.solve(explosion, ude.CarpenterKennedy2N54(), dt0=1.0, saveat=ude.Save(end=True), throw=False)
    assert sol.result.name == "blew_up"
    assert sol.stats.steps < 20 and sol.stats.rejected == 1
    with pytest.raises(ude.SolveError, match="smaller dt0"):
        ude.solve(explosion, ude.CarpenterKennedy2N54(), dt0=1.0)


def registers(name, f, **options):
    """Vectors of the size of the state that the compiled program holds beside its argument."""
    problem = ude.ODE(f, jnp.ones(8), (0.0, 1.0), args=0.7)

    def end(y0):
        return ude.solve(problem.replace(y0=y0), getattr(ude, name)(), dt0=0.1, saveat=ude.Save(end=True), **options).y

    program = jax.jit(end).lower(jax.ShapeDtypeStruct((SIZE,), jnp.float64)).compile()
    memory = program.memory_analysis()
    held = memory.temp_size_in_bytes + memory.output_size_in_bytes - memory.alias_size_in_bytes
    return held / (SIZE * 8)


def pointwise(t, y, rate):
    return rate * y * (1 - y)


def neighbours(t, y, rate):
    return rate * (jnp.concatenate([y[1:], y[:1]]) - y) * y


FEW = ["CarpenterKennedy2N54", "CFRLDDRK64", "ParsaniKetchesonDeconinck3S53", "CKLLSRK43_2", "CKLLSRK75_4M_5R", "RDPK3Sp35", "RDPK3SpFSAL35"]


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("f", [pointwise, neighbours])
def test_a_solve_holds_the_registers_promised_and_one_derivative(name, f):
    assert registers(name, f) < getattr(ude, name)().registers + 1.01


def test_two_registers_are_two():
    assert registers("CarpenterKennedy2N54", pointwise) < 2.01
    assert registers("CarpenterKennedy2N54", neighbours) < 2.01


def test_a_method_that_keeps_its_stages_holds_more():
    assert registers("Tsit5", neighbours) > 8
