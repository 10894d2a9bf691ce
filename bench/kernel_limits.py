"""How large a program may be for one native kernel to pay: `python -m bench.kernel_limits`.

A diffusion equation on a ring (arrays) and a linear system (matrix times vector) are solved by Tsit5 with a fixed number of steps,
marked as one native kernel and not, for growing sizes. The limits in universalde/base/kernel.py stand where the mark stops paying.
"""

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

import universalde as ude
from universalde.base import kernel

ROUNDS = 15


def diffusion(t, y, args):
    """Second difference on a ring."""
    return jnp.roll(y, 1) - 2 * y + jnp.roll(y, -1)


def linear(t, y, matrix):
    """Matrix times vector."""
    return matrix @ y


def best_ms(f: Callable, y0: np.ndarray, args, native: bool) -> float:
    """Least time of one solve of about a hundred steps."""
    problem = ude.ODE(f, jnp.asarray(y0), (0.0, 10.0), args=args)
    method = ude.Tsit5(native=native)

    @jax.jit
    def run(y0):
        return ude.solve(problem.replace(y0=y0), method, rtol=1e-9, atol=1e-9, saveat=ude.Save(end=True)).y

    jax.block_until_ready(run(problem.y0))
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        jax.block_until_ready(run(problem.y0))
        times.append(time.perf_counter() - began)
    return 1e3 * min(times)


def main() -> None:
    """Print both tables, without the limits that are in force."""
    jax.config.update("jax_enable_x64", True)
    kernel.LARGEST_ARRAY = kernel.LARGEST_PRODUCT = 1 << 62
    random = np.random.default_rng(0)
    print("diffusion: bytes of the state, plain ms, native ms, plain / native")
    for power in range(4, 12):
        y0 = random.normal(size=2**power)
        plain, native = (best_ms(diffusion, y0, None, native) for native in (False, True))
        print(f"{8 * 2**power:9d} {plain:9.3f} {native:9.3f} {plain / native:6.2f}", flush=True)
    print("linear system: multiplications of one product, plain ms, native ms, plain / native")
    for size in (4, 16, 64, 128, 256, 512):
        matrix = jnp.asarray(random.normal(size=(size, size)) / size)
        plain, native = (best_ms(linear, random.normal(size=size), matrix, native) for native in (False, True))
        print(f"{size * size:9d} {plain:9.3f} {native:9.3f} {plain / native:6.2f}", flush=True)


if __name__ == "__main__":
    main()
