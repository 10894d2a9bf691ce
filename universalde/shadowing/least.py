"""The least-squares problems of shadowing: systems of blocks on three diagonals, as many as there are points or segments."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve

from ..base.buffers import read, sweep

__all__ = ["least_chain", "solve_blocks"]


def solve_blocks(diagonal: Any, below: Any, right: Any) -> Any:
    r"""The solution of :math:`B_k x_{k-1} + D_k x_k + B_{k+1}^T x_{k+1} = b_k`, symmetric and positive definite.

    ``diagonal``: (count, n, n); ``below``: (count - 1, n, n); ``right`` and the result: (count, n, columns).
    """
    count, n, _ = diagonal.shape
    end = jnp.zeros((1, n, n), diagonal.dtype)
    before, after = jnp.concatenate([end, below]), jnp.concatenate([below, end])

    def eliminate(k: Any, state: Any) -> tuple:
        gain, known = state
        low = read(before, k)
        sides = jnp.concatenate([read(after, k).T, read(right, k) - low @ known], axis=1)
        solved = cho_solve(cho_factor(read(diagonal, k) - low @ gain), sides)
        state = solved[:, :n], solved[:, n:]
        return state, state

    def substitute(k: Any, x: Any) -> tuple:
        x = read(known, k) - read(gains, k) @ x
        return x, x

    none = jnp.zeros_like(right[0])
    _, (gains, known) = sweep(eliminate, (end[0], none), (jnp.zeros_like(diagonal), jnp.zeros_like(right)), count)
    return sweep(substitute, none, jnp.zeros_like(right), count, backwards=True)[1]


def least_chain(c: Any, d: Any, r: Any, shift: Any) -> Any:
    r"""The :math:`a_k` of least :math:`\sum_k \frac12 a_k^T C_k a_k + d_k^T a_k` with :math:`a_{k+1} = R_k a_k + s_k`.

    Found by the multipliers of these constraints, since elimination of the :math:`a_k` themselves overflows: some directions grow,
    others decay.

    ``c``: (count, m, m); ``d`` and the result: (count, m, columns); ``r`` and ``shift`` like them, the last of which nobody reads.
    """
    r, shift = r[:-1], shift[:-1]
    solve = jax.vmap(lambda matrix, b: cho_solve(cho_factor(matrix), b))
    inverse = solve(c, jnp.broadcast_to(jnp.eye(c.shape[1], dtype=c.dtype), c.shape))
    by_r, by_d = solve(c[:-1], _turned(r)), solve(c, d)
    multipliers = solve_blocks(inverse[1:] + r @ by_r, -_turned(by_r[1:]), r @ by_d[:-1] - by_d[1:] - shift)
    end = jnp.zeros_like(d[:1])
    return jnp.concatenate([by_r @ multipliers, end]) - inverse @ jnp.concatenate([end, multipliers]) - by_d


def _turned(blocks: Any) -> Any:
    return jnp.swapaxes(blocks, 1, 2)
