"""A slender elastic beam of 40 pieces, pulled at its end until t = pi (Hairer & Wanner 1996, IV.10): code by hand.

Angles and their speeds; ``setting``: the force is on (1) or off (0). A tridiagonal system couples the accelerations.
"""

from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

PIECES = 40


def plain(setting: tuple[float, ...], t: float, y: np.ndarray) -> np.ndarray:
    """f(t, y) with NumPy and LAPACK's tridiagonal solver."""
    from scipy.linalg.lapack import dptsv

    angle, speed = y[:PIECES], y[PIECES:]
    torque = np.empty(PIECES)
    torque[0] = angle[1] - 3.0 * angle[0]
    torque[1:-1] = angle[:-2] - 2.0 * angle[1:-1] + angle[2:]
    torque[-1] = angle[-2] - angle[-1]
    force = setting[0] * 1.5 * np.sin(t) ** 2
    torque = PIECES**4 * torque + PIECES**2 * force * (np.cos(angle) + np.sin(angle))
    turn = np.diff(angle)
    s, c = np.sin(turn), np.cos(turn)
    w = speed * speed
    w[:-1] += s * torque[1:]
    w[1:] -= s * torque[:-1]
    diagonal = np.full(PIECES, 2.0)
    diagonal[0], diagonal[-1] = 1.0, 3.0
    w = dptsv(diagonal, -c, w)[2]
    u = 2.0 * torque
    u[0], u[-1] = torque[0], 3.0 * torque[-1]
    u[1:] -= c * torque[:-1] + s * w[:-1]
    u[:-1] += s * w[1:] - c * torque[1:]
    return np.concatenate([speed, u])


def jax(t: Any, y: Any, setting: tuple) -> Any:
    """The same with JAX's tridiagonal solver."""
    import jax.numpy as jnp
    from jax.lax.linalg import tridiagonal_solve

    angle, speed = y[:PIECES], y[PIECES:]
    before = jnp.concatenate([-angle[:1], angle[:-1]])
    after = jnp.concatenate([angle[1:], angle[-1:]])
    force = setting[0] * 1.5 * jnp.sin(t) ** 2
    torque = PIECES**4 * (before - 2.0 * angle + after) + PIECES**2 * force * (jnp.cos(angle) + jnp.sin(angle))
    turn, zero = angle[1:] - angle[:-1], jnp.zeros(1, y.dtype)
    s, c = jnp.sin(turn), jnp.cos(turn)
    diagonal = jnp.asarray(np.concatenate([[1.0], np.full(PIECES - 2, 2.0), [3.0]]), y.dtype)
    w = speed * speed + jnp.concatenate([s * torque[1:], zero]) - jnp.concatenate([zero, s * torque[:-1]])
    w = tridiagonal_solve(jnp.concatenate([zero, -c]), diagonal, jnp.concatenate([-c, zero]), w[:, None])[:, 0]
    u = diagonal * torque
    u = u - jnp.concatenate([zero, c * torque[:-1] + s * w[:-1]]) + jnp.concatenate([s * w[1:] - c * torque[1:], zero])
    return jnp.concatenate([speed, u])


@cache
def numba() -> ModuleType:
    """`rhs` with elimination in a loop."""
    from numba import njit

    n = PIECES

    @njit(error_model="numpy")
    def rhs(t, y, setting, dy):
        torque, s, c, diagonal = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
        force = setting[0] * 1.5 * np.sin(t) ** 2 * n**2
        for i in range(n):
            before = y[i - 1] if i > 0 else -y[0]
            after = y[i + 1] if i < n - 1 else y[n - 1]
            torque[i] = float(n) ** 4 * (before - 2.0 * y[i] + after) + force * (np.cos(y[i]) + np.sin(y[i]))
            if i < n - 1:
                s[i], c[i] = np.sin(y[i + 1] - y[i]), np.cos(y[i + 1] - y[i])
        for i in range(n):
            w = y[n + i] * y[n + i]
            if i < n - 1:
                w += s[i] * torque[i + 1]
            diagonal[i] = 1.0 if i == 0 else 3.0 if i == n - 1 else 2.0
            if i > 0:
                w -= s[i - 1] * torque[i - 1]
                factor = c[i - 1] / diagonal[i - 1]
                diagonal[i] -= factor * c[i - 1]
                w += factor * dy[i - 1]
            dy[i] = w
        for i in range(n - 1, -1, -1):
            dy[i] = (dy[i] + c[i] * dy[i + 1]) / diagonal[i] if i < n - 1 else dy[i] / diagonal[i]
        for i in range(n):
            u = torque[i] * (1.0 if i == 0 else 3.0 if i == n - 1 else 2.0)
            if i > 0:
                u -= c[i - 1] * torque[i - 1] + s[i - 1] * dy[i - 1]
            if i < n - 1:
                u += s[i] * dy[i + 1] - c[i] * torque[i + 1]
            dy[n + i] = u
        for i in range(n):
            dy[i] = y[n + i]

    return SimpleNamespace(rhs=rhs)  # type: ignore[return-value]


C_CODE = """
static void rhs(double t, const double *y, const double *setting, double *dy) {
  enum { n = N / 2 };
  const double *speed = y + n;
  double torque[n], s[n], c[n], diagonal[n], w[n], force = setting[0] * 1.5 * sin(t) * sin(t) * n * n;
  for (int i = 0; i < n; i++) {
    double before = i ? y[i - 1] : -y[0], after = i < n - 1 ? y[i + 1] : y[n - 1];
    torque[i] = (double)n * n * n * n * (before - 2 * y[i] + after) + force * (cos(y[i]) + sin(y[i]));
    diagonal[i] = i == 0 ? 1 : i == n - 1 ? 3 : 2;
    w[i] = speed[i] * speed[i];
    if (i < n - 1) s[i] = sin(y[i + 1] - y[i]), c[i] = cos(y[i + 1] - y[i]);
  }
  for (int i = 0; i < n; i++) dy[n + i] = diagonal[i] * torque[i];
  for (int i = 0; i < n - 1; i++) {
    w[i] += s[i] * torque[i + 1], w[i + 1] -= s[i] * torque[i];
    dy[n + i] -= c[i] * torque[i + 1], dy[n + i + 1] -= c[i] * torque[i];
  }
  for (int i = 1; i < n; i++) {
    double factor = c[i - 1] / diagonal[i - 1];
    diagonal[i] -= factor * c[i - 1], w[i] += factor * w[i - 1];
  }
  w[n - 1] /= diagonal[n - 1];
  for (int i = n - 2; i >= 0; i--) w[i] = (w[i] + c[i] * w[i + 1]) / diagonal[i];
  for (int i = 0; i < n - 1; i++) dy[n + i] += s[i] * w[i + 1], dy[n + i + 1] -= s[i] * w[i];
  for (int i = 0; i < n; i++) dy[i] = speed[i];
}
"""
END = (
    -0.005792366591285007, -0.01695298550721735, -0.02769103312973094, -0.03800815655879158, -0.04790616859743763,
    -0.05738710435274594, -0.06645327313454617, -0.07510730581979037, -0.08335219765414992, -0.09119134654647947,
    -0.0986285870013209, -0.1056682200378002, -0.1123150395409595, -0.1185743552727245, -0.1244520128755561,
    -0.1299544113264161, -0.1350885180610398, -0.1398618819194422, -0.1442826441015242, -0.1483595472463012,
    -0.1521019429001447, -0.1555197978061129, -0.1586236993420229, -0.1614248603702127, -0.1639351238193223,
    -0.1661669673440852, -0.1681335081778558, -0.1698485080602243, -0.1713263782440888, -0.1725821847462537,
    -0.1736316537975654, -0.1744911773840049, -0.1751778187863392, -0.1757093178712902, -0.1761040960228576,
    -0.1763812607175549, -0.1765606097564671, -0.1766626352260565, -0.176708527080746, -0.1767201761075488,
    0.03747362681329794, 0.1099117880217593, 0.1798360474312799, 0.2472427305442391, 0.3121293820596567,
    0.37449473770195, 0.4343386073492798, 0.4916620354601748, 0.5464677854586807, 0.598760970262427,
    0.648549361111074, 0.6958435169132503, 0.7406572668520808, 0.7830081747813241, 0.8229176659201515,
    0.860411030519056, 0.8955175502377805, 0.9282708263127953, 0.9587089334522034, 0.9868747821728363,
    1.012816579961883, 1.036587736679858, 1.058246826481355, 1.077857811433353, 1.095490222005369, 1.111219164294898,
    1.125125269286501, 1.137294526609229, 1.147818025153607, 1.156792132004482, 1.164318845130183, 1.170505992596124,
    1.17546742429955, 1.179323003228859, 1.182198586299667, 1.184226111223146, 1.185543909805575, 1.186297084203716,
    1.186637618908127, 1.186724615113034,
)  # fmt: skip
