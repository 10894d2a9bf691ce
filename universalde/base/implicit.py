"""Derivatives of solutions of equations, and programs whose derivatives are zero."""

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp

__all__ = ["frozen", "root"]


def frozen(function: Callable, *arguments: Any) -> Any:
    """``function(*arguments)`` as a constant of differentiation, whatever the function closes over."""
    flat, structure = jax.tree.flatten(arguments)
    out = {}

    def flat_function(*flat: Any) -> list:
        leaves, out["structure"] = jax.tree.flatten(function(*jax.tree.unflatten(structure, flat)))
        return leaves

    closed = jax.make_jaxpr(flat_function)(*flat)
    constants = [jax.lax.stop_gradient(x) for x in closed.consts]
    program = jex.ClosedJaxpr(closed.jaxpr, constants)
    found = jex.jaxpr_as_fun(program)(*[jax.lax.stop_gradient(x) for x in flat])
    return jax.tree.unflatten(out["structure"], [jax.lax.stop_gradient(x) for x in found])


def root(residual: Callable, solve: Callable, found: Any) -> Any:
    r"""``found``, a solution (an array) of ``residual(x) = 0``, with the derivatives that follow from that.

    ``solve(x, r)`` is minus the inverse of the residual's Jacobian at ``x`` times ``r``.  A change of what ``residual``
    closes over changes the solution by ``solve(x, dr)``, dr being the change of the residual at fixed x: one linear
    solve, never an iteration; to every order.
    """
    at_root, of_residual = _opened(residual, found)
    solving, of_solve = _opened(solve, found, found)

    @jax.custom_jvp
    def solution(found: Any, of_residual: list, of_solve: list) -> Any:
        return found

    @solution.defjvp
    def _(primals: tuple, tangents: tuple) -> tuple:
        found, of_residual, of_solve = primals
        x = solution(found, of_residual, of_solve)
        moving = [k for k, c in enumerate(of_residual) if jnp.issubdtype(jnp.result_type(c), jnp.inexact)]

        def moved(*values: Any) -> Any:
            constants = list(of_residual)
            for k, value in zip(moving, values, strict=True):
                constants[k] = value
            return at_root(constants, x)

        _, change = jax.jvp(moved, [of_residual[k] for k in moving], [tangents[1][k] for k in moving])
        return x, solving(of_solve, x, change)

    return solution(jax.lax.stop_gradient(found), of_residual, of_solve)


def _opened(function: Callable, *arguments: Any) -> tuple[Callable, list]:
    """``function`` of what it closes over and its arguments (arrays; the result is one), and what it closes over."""
    closed = jax.make_jaxpr(function)(*arguments)

    def opened(constants: list, *arguments: Any) -> Any:
        return jex.jaxpr_as_fun(jex.ClosedJaxpr(closed.jaxpr, constants))(*arguments)[0]

    return opened, list(closed.consts)
