"""Logarithm and power of two to about five digits, in a handful of additions and multiplications.

A step-size controller needs a power of the error at every step, and needs it roughly.  The library functions are exact to
the last bit and are called out of line, which costs a small solve a third of its time.  Both functions here are
approximations by polynomials on half an octave to each side of 1, with the exponent moved through the bits of the number.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["exp2", "log2"]


def _fit(function: Any, low: float, high: float, degree: int) -> list[float]:
    """Coefficients (constant first) of the polynomial that interpolates at Chebyshev points."""
    return [float(c) for c in np.polynomial.Chebyshev.interpolate(function, degree, [low, high]).convert(kind=np.polynomial.Polynomial).coef]


_LOG = _fit(lambda z: np.log2(1 + z) / z, -0.29291, 0.41423, 4)  # log2(1 + z) / z
_EXP = _fit(lambda x: (np.exp2(x) - 1) / x, -0.5001, 0.5003, 3)  # (2^x - 1) / x


def _layout(dtype: Any) -> tuple[Any, int, int]:
    """Integer type of the bits, number of mantissa bits, and the bits of sqrt(1/2)."""
    real = np.dtype(dtype)
    bits = {8: np.int64, 4: np.int32, 2: np.int16}[real.itemsize]
    return bits, jnp.finfo(real).nmant, int(np.asarray(np.sqrt(0.5)).astype(real).view(bits))


def _polynomial(coefficients: list[float], x: Any) -> Any:
    """Value of a polynomial, in pairs whose sums do not wait for each other (Estrin 1960)."""
    while len(coefficients) > 1:
        pairs = [coefficients[k : k + 2] for k in range(0, len(coefficients), 2)]
        coefficients = [pair[0] + pair[1] * x if len(pair) == 2 else pair[0] for pair in pairs]
        x = x * x
    return coefficients[0]


def log2(x: Any) -> Any:
    """Logarithm to base 2 of a positive, finite, normal number, wrong by at most 3e-5."""
    bits, mantissa, root = _layout(x.dtype)
    pattern = lax.bitcast_convert_type(x, bits)
    octave = lax.shift_right_arithmetic(pattern - bits(root), bits(mantissa))
    z = lax.bitcast_convert_type(pattern - lax.shift_left(octave, bits(mantissa)), x.dtype) - 1
    return octave.astype(x.dtype) + z * _polynomial(_LOG, z)


def exp2(x: Any) -> Any:
    """Two to the power ``x``, for results within the normal range; relative error at most 8e-6."""
    bits, mantissa, _ = _layout(x.dtype)
    octave = lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)
    z = x - octave
    pattern = lax.bitcast_convert_type(1 + z * _polynomial(_EXP, z), bits)
    return lax.bitcast_convert_type(pattern + lax.shift_left(octave.astype(bits), bits(mantissa)), x.dtype)
