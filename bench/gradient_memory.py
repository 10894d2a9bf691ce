"""A gradient over a million steps: memory and time with all states kept and with few."""

import threading
import time
from functools import partial
from pathlib import Path

import numpy as np

from bench.contract import Bar, Benchmark, Entry, Prepared, Results

STEPS = 1_000_000
CAPACITY = 1 << 21  # attempts: the number of steps is not known beforehand
SIZES = (2, 1000)
KEPT = {"all states kept": 1, "two levels": 2}
OPTIONS = {"rtol": 1e-6, "atol": 1e-6}


def resident_mb() -> float:
    """Memory of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


class Watch:
    """The greatest memory of this process in a `with` block, above that before it."""

    def __enter__(self):
        self.before = self.most = resident_mb()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self) -> None:
        """Every hundredth of a second."""
        while not self.ended.wait(0.01):
            self.most = max(self.most, resident_mb())

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.most = max(self.most, resident_mb())

    @property
    def mb(self) -> float:
        """What was taken."""
        return self.most - self.before


def prepare(size: int, levels: int) -> Prepared:
    """Pendulums of different lengths side by side, Tsit5; the gradient of their last angles by gravity."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    lengths = jnp.linspace(1.0, 2.0, size // 2)
    start = jnp.concatenate([jnp.full(size // 2, 1.0), jnp.zeros(size // 2)])

    def f(t, y, gravity):
        angle, speed = y[: size // 2], y[size // 2 :]
        return jnp.concatenate([speed, -gravity / lengths * jnp.sin(angle)])

    problem, save = ude.ODE(f, start, (0.0, 1.0), 9.81), ude.Save(end=True, capacity=CAPACITY)

    def loss(gravity, end):
        sol = ude.solve(
            problem.replace(args=gravity, tspan=(0.0, end)), ude.Tsit5(), saveat=save, max_steps=CAPACITY,
            adjoint=ude.DiscreteAdjoint(levels=levels), **OPTIONS,
        )  # fmt: skip
        return jnp.mean(sol.y[: size // 2] ** 2), sol.stats.steps

    gradient = jax.jit(jax.value_and_grad(loss, has_aux=True)).lower(9.81, 1.0).compile()
    with Watch() as watch:
        (_, steps), _ = gradient(9.81, 100.0)
        end = 100.0 * STEPS / int(steps)
        began = time.perf_counter()
        (_, steps), slope = jax.block_until_ready(gradient(9.81, end))
        seconds = time.perf_counter() - began
    found = {"steps": float(steps), "MB": watch.mb, "seconds": seconds, "gradient": float(slope)}
    return Prepared({"first hundredth": lambda: jax.block_until_ready(gradient(9.81, end / 100))}, lambda answers: found)


def bars(results: Results, by: str) -> list[Bar]:
    """Memory below 200 MB, at most three times the time, the same gradient."""
    found = []
    for size in SIZES:
        all_, few = (results.get(f"{size} equations, {kept}", {}).get("facts") for kept in KEPT)
        if not few:
            found.append(Bar(f"{size} equations", "not measured", None))
            continue
        found.append(Bar(f"{size} equations: less than 200 MB with two levels", f"{few['MB']:.0f} MB", few["MB"] < 200))
        if all_:
            ratio, same = few["seconds"] / all_["seconds"], np.isclose(few["gradient"], all_["gradient"], rtol=1e-6)
            found.append(Bar(f"{size} equations: <= 3 x the time with all states kept ({all_['MB']:.0f} MB)", f"{ratio:.2f}", ratio <= 3 and same))
    return found


BENCHMARK = Benchmark(
    name="gradient_memory",
    title="Gradients: a million steps",
    about=(
        "One, and five hundred, pendulums of different lengths, Tsit5, rtol = atol = 1e-6, about 10⁶ adaptive steps, whose number is not known beforehand "
        "(`capacity=2**21`). MB: the greatest resident memory of the process during the gradient, less that before it; seconds: that one gradient. "
        "The call in the table is the gradient over the first hundredth of the time."
    ),
    entries=tuple(
        Entry(f"{size} equations, {kept}", partial(prepare, size, levels), ("universalde:DiscreteAdjoint",))
        for size in SIZES
        for kept, levels in KEPT.items()
    ),
    facts=("steps", "MB", "seconds", "gradient"),
    bars=bars,
    cold_start=False,
)
