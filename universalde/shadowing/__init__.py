r"""Derivatives of long-time averages of chaotic systems, by shadowing.

For :math:`y' = f(y, \theta)` and :math:`\langle g \rangle = \frac1T \int g(y, \theta)\,dt` the derivative of a single solution
grows like :math:`e^{\lambda t}` and says nothing about that of the average.  But near each solution at :math:`\theta` there is one
at :math:`\theta + d\theta` that stays near it for all time, if time may run a little faster or slower.  The methods here find that
direction as the one of least norm:

- :func:`lss` on a grid in time, all unknowns at once;
- :func:`nilss` by tangents of the unstable directions, segment after segment: cheap where few directions are unstable;
- :func:`nilsas`, the same with adjoints: its cost does not grow with the number of parameters.

They serve autonomous systems whose average exists (ergodic, and hyperbolic enough), and are as accurate as the average itself: the
error falls like :math:`T^{-1/2}`, plus a bias where the shadowing solution is not a typical one.

Example::

    lorenz = ude.ODE(f, y0, (0.0, 60.0), args=28.0)
    ude.shadowing.nilss(lorenz, lambda t, y, rho: y[2], unstable=1, segments=100, transient=20.0).gradient  # about 1
"""

from .flow import Shadowed
from .grid import lss
from .segments import nilsas, nilss

__all__ = ["Shadowed", "lss", "nilsas", "nilss"]
