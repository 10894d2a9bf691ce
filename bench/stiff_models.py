"""Stiff problems, each written once on scalars: plain Python, JAX, C and Numba all come from the same lines.

Reference ends: Mazzia & Magherini, *Test Set for Initial Value Problem Solvers* (Bari, 2008); Hairer & Wanner, *Solving
Ordinary Differential Equations II* (1996); ROBER at 1e5 and E5 at 1e3 by Radau IIA at 1e-12 and 1e-13.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from bench import stiff_air, stiff_beam, stiff_emep


@dataclass(frozen=True)
class Model:
    """``f(t, y, m, setting)``: scalars in, a list out; ``m`` has exp and sin of Python, JAX or SymPy.

    ``breaks``: times at which the right-hand side jumps; ``settings``: numbers that differ between the pieces.
    ``atol`` times the relative tolerance is the absolute one; errors are relative to ``max(|reference|, floor)``.
    """

    name: str
    f: Callable
    start: tuple[float, ...]
    span: tuple[float, float]
    reference: tuple[float, ...]
    target: float
    atol: float | tuple[float, ...] = 1e-3
    floor: float = 0.0
    breaks: tuple[float, ...] = ()
    settings: tuple[tuple[float, ...], ...] = ((),)
    max_steps: int = 50_000  # after which a solver that asks for such a limit gives up
    in_arrays: Callable | None = None  # f(t, y, setting) for JAX, where scalars would compile for minutes
    by_hand: ModuleType | None = None  # its own code for NumPy, JAX, C and Numba; then `f` is not used

    @property
    def size(self) -> int:
        """The number of equations."""
        return len(self.start)

    @property
    def pieces(self) -> list[tuple[float, float]]:
        """Spans between the breaks."""
        times = (self.span[0], *self.breaks, self.span[1])
        return list(zip(times[:-1], times[1:], strict=True))

    def tolerances(self, rtol: float) -> np.ndarray:
        """Absolute tolerances of all components."""
        return np.full(self.size, rtol) * np.asarray(self.atol, float)

    def error(self, end: Any) -> float:
        """Greatest relative error at the end of the span."""
        reference = np.array(self.reference)
        worst = np.max(np.abs(np.asarray(end, float) - reference) / np.maximum(np.abs(reference), self.floor))
        return float(worst) if np.isfinite(worst) else math.inf

    def plain(self, piece: int) -> Callable:
        """f(t, y) in plain Python; numbers of Python are faster than those of NumPy."""
        setting = self.settings[piece]
        if self.by_hand:
            return partial(self.by_hand.plain, setting)
        return lambda t, y: self.f(t, y.tolist(), math, setting)

    def problem(self) -> Any:
        """For the package, from the same lines as everybody's."""
        import jax.numpy as jnp

        import universalde as ude

        return ude.ODE(self.jax(), jnp.array(self.start), self.span, discontinuities=self.breaks or None)

    def jax(self) -> Callable:
        """f(t, y, args) for JAX, the piece found from the time."""
        import jax.numpy as jnp

        table = np.array(self.settings)

        def f(t, y, args):
            setting = ()
            if self.breaks:
                piece = sum(jnp.where(t >= time, 1, 0) for time in self.breaks)
                setting = tuple(jnp.asarray(column)[piece] for column in table.T)
            if self.in_arrays:
                return self.in_arrays(t, y, setting)
            return jnp.stack([jnp.asarray(x, y.dtype) for x in self.f(t, [y[i] for i in range(self.size)], jnp, setting)])

        return f


def rober(t, y, m, setting):
    """Robertson's kinetics."""
    a, b, c = y
    slow, fast, back = 0.04 * a, 3e7 * b * b, 1e4 * b * c
    return [back - slow, slow - back - fast, fast]


def orego(t, y, m, setting):
    """The Oregonator."""
    a, b, c = y
    return [77.27 * (b + a * (1 - 8.375e-6 * a - b)), (c - (1 + a) * b) / 77.27, 0.161 * (a - c)]


def van_der_pol(mu, t, y, m, setting):
    """The relaxation oscillator with its own time."""
    return [y[1], mu * (1 - y[0] * y[0]) * y[1] - y[0]]


def van_der_pol_scaled(epsilon, t, y, m, setting):
    """The same with time measured in periods."""
    return [y[1], ((1 - y[0] * y[0]) * y[1] - y[0]) / epsilon]


def hires(t, y, m, setting):
    """High irradiance responses of photomorphogenesis."""
    a, b, c, d, e, f, g, h = y
    pair = 280.0 * f * h
    return [
        -1.71 * a + 0.43 * b + 8.32 * c + 0.0007,
        1.71 * a - 8.75 * b,
        -10.03 * c + 0.43 * d + 0.035 * e,
        8.32 * b + 1.71 * c - 1.12 * d,
        -1.745 * e + 0.43 * (f + g),
        -pair + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g,
        pair - 1.81 * g,
        -pair + 1.81 * g,
    ]


def e5(t, y, m, setting):
    """Chemical pyrolysis."""
    first, second, third, fourth = 7.89e-10 * y[0], 1.1e7 * y[0] * y[2], 1.13e9 * y[1] * y[2], 1.13e3 * y[3]
    return [-first - second, first - third, first - third - second + fourth, second - fourth]


def ring_modulator(t, y, m, setting):
    """An electrical circuit with four diodes, driven at two frequencies."""
    u1, u2, u3, u4, u5, u6, u7, i1, i2, i3, i4, i5, i6, i7, i8 = y
    low, high = 0.5 * m.sin(2e3 * math.pi * t), 2.0 * m.sin(2e4 * math.pi * t)
    diode = [
        40.67286402e-9 * (m.exp(17.7493332 * u) - 1.0)
        for u in (u3 - u5 - u7 - high, -u4 + u6 - u7 - high, u4 + u5 + u7 + high, -u3 - u6 + u7 + high)
    ]
    return [
        (i1 - 0.5 * i3 + 0.5 * i4 + i7 - u1 / 25e3) / 1.6e-8,
        (i2 - 0.5 * i5 + 0.5 * i6 + i8 - u2 / 25e3) / 1.6e-8,
        (i3 - diode[0] + diode[3]) / 2e-12,
        (-i4 + diode[1] - diode[2]) / 2e-12,
        (i5 + diode[0] - diode[2]) / 2e-12,
        (-i6 - diode[1] + diode[3]) / 2e-12,
        (-u7 / 50.0 + diode[0] + diode[1] - diode[2] - diode[3]) / 1e-8,
        -u1 / 4.45,
        -u2 / 4.45,
        (0.5 * u1 - u3 - 17.3 * i3) / 5e-4,
        (-0.5 * u1 + u4 - 17.3 * i4) / 5e-4,
        (0.5 * u2 - u5 - 17.3 * i5) / 5e-4,
        (-0.5 * u2 + u6 - 17.3 * i6) / 5e-4,
        (-u1 + low - 86.3 * i7) / 2e-3,
        (-u2 - 636.3 * i8) / 2e-3,
    ]


HIRES_END = (
    7.371312573325668e-4, 1.442485726316185e-4, 5.888729740967575e-5, 1.175651343283149e-3, 2.386356198831331e-3,
    6.238968252742796e-3, 2.849998395185769e-3, 2.850001604814231e-3,
)  # fmt: skip
RING_END = (
    -0.02339057358486745, -0.007367485485540825, 0.2582956709291169, -0.406446572128345, -0.4039455665149794,
    0.2607966765422943, 0.1106761861269975, 2.939904342435596e-7, -2.840029933642329e-8, 7.267198267264553e-4,
    7.92948719696084e-4, -7.255283495698965e-4, -7.941401968526521e-4, 7.088495416976114e-5, 2.39005907523657e-5,
)  # fmt: skip

MODELS = (
    Model(
        "rober", rober, (1.0, 0.0, 0.0), (0.0, 1e5), (0.01786592114209946, 7.274751468436319e-8, 0.9821340061103859), 1e-6
    ),
    Model("orego", orego, (1.0, 2.0, 3.0), (0.0, 360.0), (1.000814870318523, 1228.178521549917, 132.0554942846706), 1e-6),
    Model(
        "van_der_pol", partial(van_der_pol, 1000.0), (2.0, 0.0), (0.0, 2000.0), (1.706167732170483, -8.928097010247975e-4), 1e-6
    ),
    Model(
        "van_der_pol_scaled",
        partial(van_der_pol_scaled, 1e-6),
        (2.0, 0.0),
        (0.0, 2.0),
        (1.706167732170469, -0.8928097010248125),
        1e-6,
    ),
    Model("hires", hires, (1.0, 0, 0, 0, 0, 0, 0, 0.0057), (0.0, 321.8122), HIRES_END, 1e-5),
    Model(
        "e5",
        e5,
        (1.76e-3, 0.0, 0.0, 0.0),
        (0.0, 1e3),
        (0.0016180769999073, 1.38223703049841e-10, 8.25157350068418e-12, 1.29972129549156e-10),
        1e-5,
        atol=(1e-6, 1e-13, 1e-14, 1e-13),
    ),
    Model(
        "pollution", stiff_air.pollution, stiff_air.POLLUTION_START, (0.0, 60.0), stiff_air.POLLUTION_END, 1e-5,
        atol=1e-4, floor=1e-6,
    ),
    Model("ring_modulator", ring_modulator, (0.0,) * 15, (0.0, 1e-3), RING_END, 1e-5, floor=1e-5, max_steps=2_000_000),
    Model(
        "emep", stiff_emep.emep, stiff_emep.START, stiff_emep.SPAN, stiff_emep.END, 1e-5, atol=1e3, floor=1e4,
        breaks=stiff_emep.BREAKS, settings=stiff_emep.SETTINGS, in_arrays=stiff_emep.jax,
    ),
    Model(
        "beam", stiff_beam.plain, (0.0,) * 80, (0.0, 5.0), stiff_beam.END, 1e-5, atol=1.0,
        breaks=(math.pi,), settings=((1.0,), (0.0,)), in_arrays=stiff_beam.jax, by_hand=stiff_beam,
    ),
)  # fmt: skip


def find(name: str) -> Model:
    """The model of this name."""
    return next(model for model in MODELS if model.name == name)
