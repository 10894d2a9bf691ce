"""One factorisation and eight dependent solves with a full matrix, a thousand times inside one program."""

import time
from functools import partial

import numpy as np

from bench.contract import Bar, Benchmark, Entry, Prepared, Results, warm_ms

SIZES = (2, 3, 4, 8, 15, 20, 50, 80, 200)
TIMES, SOLVES = 1000, 8
TARGETS = {8: 1.1, 20: 4.3, 50: 47.0}  # microseconds
CHOSEN, LANES = "universalde", "universalde, 8 lanes"


def matrix_and_vector(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A well-conditioned random matrix and a right-hand side."""
    random = np.random.default_rng(n)
    return random.normal(size=(n, n)) + 2 * np.sqrt(n) * np.eye(n), random.normal(size=n)


def name(n: int) -> str:
    """What a call is called."""
    return f"n = {n}"


def ours(form: str) -> Prepared:
    """The form that `Dense` chooses, alone or in lanes, or LAPACK's calls inside the same program."""
    import jax
    import jax.numpy as jnp

    from universalde.base.kernel import kernel
    from universalde.base.loop import repeat
    from universalde.linalg import Dense, Operator
    from universalde.linalg.eliminate import Triangles

    jax.config.update("jax_enable_x64", True)

    def factor(matrix):
        if form == "lapack":
            return Triangles(*jax.scipy.linalg.lu_factor(matrix))
        return Operator(matrix, Dense()).factor()

    @kernel
    def program(matrix, b):
        def step(i, x, private):
            factors = factor(matrix + 1e-9 * x[0])  # of the state, or it would be taken out of the loop
            for _ in range(SOLVES):
                x = factors.solve(x + b)
            return x, private

        return repeat(step, b, limit=TIMES)[0]

    calls, seconds = {}, {}
    for n in SIZES[:6] if form == "lanes" else SIZES:
        arguments = [jnp.asarray(x) for x in matrix_and_vector(n)]
        if form == "lanes":
            arguments = [jnp.stack([x] * 8) for x in arguments]
        lowered = jax.jit(jax.vmap(program) if form == "lanes" else program).lower(*arguments)
        began = time.perf_counter()
        compiled = lowered.compile()
        seconds[f"compile {name(n)}"] = time.perf_counter() - began
        calls[name(n)] = partial(lambda compiled, arguments: jax.block_until_ready(compiled(*arguments)), compiled, arguments)
    return Prepared(calls, lambda answers: {"compile n = 8 s": seconds[f"compile {name(8)}"]})


def loops() -> Prepared:
    """Elimination with row interchanges and substitution, as loops that LLVM compiles."""
    import numba

    @numba.njit(fastmath=True)
    def run(original, b, times, solves):
        n, x, order = len(b), b.copy(), np.arange(len(b))
        for _ in range(times):
            a = original + 1e-9 * x[0]
            for k in range(n):
                p = k + np.argmax(np.abs(a[k:, k]))
                order[k] = p
                for j in range(n):
                    a[k, j], a[p, j] = a[p, j], a[k, j]
                for i in range(k + 1, n):
                    a[i, k] /= a[k, k]
                    for j in range(k + 1, n):
                        a[i, j] -= a[i, k] * a[k, j]
            for _ in range(solves):
                x = x + b
                for k in range(n):
                    x[k], x[order[k]] = x[order[k]], x[k]
                for i in range(n):
                    for j in range(i):
                        x[i] -= a[i, j] * x[j]
                for i in range(n - 1, -1, -1):
                    for j in range(i + 1, n):
                        x[i] -= a[i, j] * x[j]
                    x[i] /= a[i, i]
        return x

    calls = {name(n): partial(run, *matrix_and_vector(n), TIMES, SOLVES) for n in SIZES}
    return Prepared(calls, lambda answers: {})


def bars(results: Results, by: str) -> list[Bar]:
    """The targets, in microseconds (milliseconds of a thousand), and the time to compile."""
    found = []
    for n, target in TARGETS.items():
        spent = warm_ms(results, CHOSEN, name(n), by)
        promise = f"n = {n}: <= {target} us"
        found.append(Bar(promise, "not measured" if spent is None else f"{spent:.3g} us", spent and spent <= target))
    seconds = results.get(CHOSEN, {}).get("facts", {}).get("compile n = 8 s")
    found.append(Bar("n = 8 compiles in <= 0.15 s", f"{seconds or 0:.2f} s", seconds and seconds <= 0.15))
    return found


BENCHMARK = Benchmark(
    name="linalg",
    title="A factorisation and eight solves with a full matrix",
    about=(
        "A thousand times in a loop inside one program, each depending on the one before, so that milliseconds of the table are "
        "microseconds of one factorisation with its eight solves. Numba's loops are what a C compiler makes of the textbook."
    ),
    entries=(
        Entry(CHOSEN, partial(ours, "chosen"), ("universalde",)),
        Entry(LANES, partial(ours, "lanes"), ("universalde",)),
        Entry("LAPACK called by JAX", partial(ours, "lapack"), ("universalde",)),
        Entry("Numba loops", loops, ("numba",)),
    ),
    facts=("compile n = 8 s",),
    bars=bars,
    cold_start=False,
)
