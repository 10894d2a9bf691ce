"""Every transformation of JAX through every adjoint and every family of methods, against a formula."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.sensitivity.problems import ADJOINTS

METHODS = {
    "explicit": ude.Vern7(), "low storage": ude.RDPK3SpFSAL510(), "SSP": ude.SSPRK43(), "Rosenbrock": ude.Rodas5P(), "diagonally implicit": ude.KenCarp47(),
    "fully implicit": ude.RadauIIA9(), "numerical differentiation": ude.QNDF(), "BDF": ude.FBDF(), "Nordsieck": ude.NordsieckBDF(),
    "switching": ude.Auto(ude.Vern7(), ude.Rodas5P()),
}  # fmt: skip
# Tolerances at which rows between steps (cubic for low storage and SSP) and all of a multistep solve are as good as those of the others at 1e-8.
ROUGH = {"low storage": 1e-10, "SSP": 1e-9, "numerical differentiation": 1e-9, "BDF": 1e-9, "Nordsieck": 1e-9}
EVERY = {"discrete": ude.DiscreteAdjoint(), "forward": ude.ForwardSensitivity(), **ADJOINTS}
# Each continuous adjoint with the families whose steps its own equation takes in its own way; quadratures with two.
CONTINUOUS, QUADRATURES = {"explicit", "Rosenbrock", "diagonally implicit", "fully implicit", "BDF"}, {"explicit", "Rosenbrock"}
FAMILIES = {name: CONTINUOUS for name in ADJOINTS} | {name: QUADRATURES for name in ("quadrature", "gauss-kronrod")} | {"discrete": METHODS, "forward": METHODS}
TIMES, RATES = jnp.array([0.5, 2.0]), jnp.array([0.8, 1.3])
ALL = [
    pytest.param(method, adjoint, id=f"{method}, {adjoint}")
    for method in METHODS for adjoint in EVERY if method in FAMILIES[adjoint]
]  # fmt: skip


def formula(p):
    """Logistic growth y' = r y (1 - y) from y0, both in p."""
    grown = p[1] * jnp.exp(p[0] * TIMES)
    return grown / (1 - p[1] + grown)


def solved(p, method, adjoint, rtol):
    problem = ude.ODE(lambda t, y, r: r * y * (1 - y), p[1:], (0.0, 2.0), p[0])
    return ude.solve(problem, method, rtol=rtol, atol=rtol, saveat=TIMES, adjoint=adjoint).ys[:, 0]


def transformed(rows):
    """All transformations of a function from two numbers to two rows."""

    def loss(p):
        return jnp.sum(jnp.array([1.0, -2.0]) * rows(p) ** 2)

    p, many = jnp.array([1.1, 0.2]), jnp.stack([RATES, jnp.array([0.2, 0.3])], axis=1)
    return {
        "grad": jax.grad(loss)(p), "jvp": jax.jvp(rows, (p,), (jnp.array([0.3, -0.5]),)), "jacfwd": jax.jacfwd(rows)(p), "jacrev": jax.jacrev(rows)(p),
        "vmap(grad)": jax.vmap(jax.grad(loss))(many), "grad(vmap)": jax.grad(lambda many: jnp.sum(jax.vmap(loss)(many)))(many),
        "hessian": jax.hessian(loss)(p),
    }  # fmt: skip


EXPECTED = transformed(formula)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "adjoint"), ALL)
def test_every_transformation_gives_the_derivative_of_the_formula(method, adjoint):
    rtol = ROUGH.get(method, 1e-8)
    found = jax.jit(lambda: transformed(lambda p: solved(p, METHODS[method], EVERY[adjoint], rtol)))()
    for name, expected in EXPECTED.items():
        for a, b in zip(jax.tree.leaves(found[name]), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 if name == "hessian" else 2e-6, err_msg=name)
