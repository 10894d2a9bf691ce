"""``solve_ivp`` with SciPy's signature and result, solved by ``universalde``.

Example::

    from universalde.scipy import solve_ivp  # instead of: from scipy.integrate import solve_ivp

    sol = solve_ivp(lambda t, y: np.array([y[1], -np.sin(y[0])]), (0, 10), [1.0, 0.0], rtol=1e-8)
    sol.t, sol.y
"""

from .adapter import OdeResult, solve_ivp
from .dense import OdeSolution

__all__ = ["OdeResult", "OdeSolution", "solve_ivp"]
