"""``ensemble``: one problem for many parameters or initial states."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..solve import Prepared, prepare
from ..spec.controller import Controller
from ..spec.method import Method
from ..spec.problem import Problem
from ..spec.save import Save
from .chunk import Plan, chunk_program, flat, order_program, plan_of, width_of
from .pool import cores, in_order
from .progress import shown
from .reductions import as_reduction
from .result import Ensemble, Part, failures, joined, solution_of, summary_of, warn_of_failures
from .rows import Lanes, Rows, lanes_of, rows_of, template
from .store import NoStore, Store, fingerprint

__all__ = ["ensemble"]


def ensemble(
    problem: Problem,
    method: Method | None = None,
    *,
    over: Any,
    change: Callable | None = None,
    reduce: Any = None,
    rtol: Any = 1e-3,
    atol: Any = 1e-6,
    saveat: Any = None,
    dt0: Any = None,
    max_steps: int = 100_000,
    controller: Controller | None = None,
    chunk: int | None = None,
    progress: Any = False,
    checkpoint: Any = None,
) -> Ensemble:
    """Solve ``problem`` once for each row of ``over``, on all cores.

    ``over`` is a dict with ``"y0"``, ``"args"`` or both, trees whose arrays have one row per trajectory in front (single
    numbers in them are the same for all).  With ``change`` it is a tree of rows of any kind, and
    ``change(problem, row) -> problem`` replaces ``y0`` or ``args``; it is called once, under ``vmap``.

    ``saveat`` is ``None`` (only the end) or a vector of times.  ``reduce`` is :data:`ude.mean`, ``ude.quantiles(...)`` or
    ``reduce(total, part) -> total``; trajectories are then not kept.  Trajectories are solved in chunks, of ``chunk`` (in
    whole batches) or of a size that is chosen; with ``checkpoint``, a folder, finished chunks are kept and a later call with the same inputs
    goes on.  ``progress=True`` shows a bar in a terminal.  Other options are those of :func:`ude.solve`.

    A trajectory that fails raises nothing: ``result`` says so, what it did not reach is NaN, one warning counts them.
    There are no derivatives through ``ensemble``: differentiate ``jax.vmap`` of ``solve``.

    Errors: ``TypeError`` and ``ValueError`` for rows that do not fit each other or the problem, inside ``jit``, and for a
    checkpoint of another ensemble.

    Example::

        decay = ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 2.0))
        sol = ude.ensemble(decay, over={"args": jnp.linspace(0.1, 2.0, 1000)}, rtol=1e-6)
        sol.y  # the end of each trajectory, shape (1000,)
    """
    if not isinstance(problem, Problem):
        raise TypeError(f"ensemble was given {type(problem).__name__}; build a problem, for example ude.ODE(f, y0, (t0, t1))")
    _check_chunk(chunk)
    reduction = None if reduce is None else as_reduction(reduce)
    rows = rows_of(problem, over, change)
    prepared = prepare(
        template(problem, rows.take(np.zeros(1, int))), method,
        rtol=rtol, atol=atol, saveat=_saved(saveat), dt0=dt0, max_steps=max_steps, controller=controller,
        watches=False,
    )  # fmt: skip
    if prepared.call.traced:
        raise TypeError("ensemble was called inside jit, grad or vmap; there write jax.vmap of ude.solve")
    plan = plan_of(prepared.call, rows.size, chunk, width_of(prepared, lambda width: _one_batch(prepared, rows, width)))
    store = NoStore()
    if checkpoint is not None:
        store = Store(checkpoint, fingerprint(prepared.call, rows.leaves, rows.trace(), (rows.size, *plan)))
    with shown(progress, rows.size) as show:
        return _gathered(prepared, rows, plan, store, reduction, show)


def _check_chunk(chunk: Any) -> None:
    if chunk is not None and (not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1):
        raise ValueError(f"chunk = {chunk!r}; give a whole number of trajectories, at least 1, or None to have it chosen")


def _saved(saveat: Any) -> Any:
    if saveat is None:
        return Save(end=True)
    if isinstance(saveat, Save) and saveat.ts is None and not saveat.end:
        raise ValueError(
            "ensemble cannot keep every step, because their number differs between trajectories; give a vector of times, "
            "or saveat=None for the end only"
        )
    if isinstance(saveat, Save) and (saveat.of is not None or saveat.only is not None):
        raise ValueError(
            "ensemble keeps states: Save(of=…) and Save(only=…) are for solve. Apply the function to ys, or in a reduce of "
            "your own; or map solve over the trajectories with jax.vmap"
        )
    return saveat


def _gathered(prepared: Prepared, rows: Rows, plan: Plan, store: Any, reduction: Any, show: Callable) -> Ensemble:
    """Run the chunks, hand each to the reduction or keep it, and put the answer together."""
    call = prepared.call

    def seen(part: Part) -> Ensemble:
        times = call.operands.ts if call.program.saving == "times" else None
        return solution_of(part, call.shape, times, float(call.operands.sign), prepared.label)

    parts: list[Part] = []
    total, done, failed = None, 0, 0
    for part in in_order(_worker(prepared, rows, plan, store), plan.count, cores()):
        if reduction is not None:
            total = reduction(total, seen(part))
            part = Part(counts=part["counts"])
        parts.append(part)
        done, failed = done + len(part["counts"]), failed + failures(part)
        show(done, failed)
    whole = joined(parts)
    if reduction is None:
        answer = seen(whole)
    else:
        answer = summary_of(whole, call.program.saving == "times", reduction.finish(total), prepared.label)
    warn_of_failures(answer.result)
    return answer


def _one_batch(prepared: Prepared, rows: Rows, width: int) -> Lanes:
    """The first row as often as a batch is wide."""
    lanes = lanes_of(prepared.call, rows.take(np.zeros(width, int)), Plan(width, 1, 1, 1))
    return jax.tree.map(lambda leaf: leaf[0], lanes)


def _worker(prepared: Prepared, rows: Rows, plan: Plan, store: Any) -> Callable[[int], Part]:
    """A function that solves the chunk of a number, or reads it when it is stored."""
    call, operands = prepared.call, prepared.call.operands
    run = prepared.entry.get("ensemble", chunk_program)

    def indices(first: int, count: int) -> np.ndarray:
        # The last rows again where the compiled shape is larger than the chunk; their results are dropped.
        return np.minimum(np.arange(first, first + count), rows.size - 1)

    def order(first: int, many: int) -> np.ndarray:
        """Rows of a chunk such that those of one batch take about as many steps: a batch waits for its slowest."""
        if plan.width == 1 or not call.program.chooses_step:
            return np.arange(many)
        look = prepared.entry.get("ensemble order", order_program)
        whole = lanes_of(call, rows.take(indices(first, plan.rows)), Plan(plan.rows, 1, 1, 1))
        sizes = look(operands, jax.tree.map(lambda leaf: leaf[0], whole))
        return np.argsort(np.asarray(sizes)[:many], kind="stable")

    def lanes(first: int, order: np.ndarray) -> Lanes:
        chosen = indices(first, plan.width * plan.batches)
        chosen[: len(order)] = chosen[order]
        return lanes_of(call, rows.take(chosen), plan)

    # Compiles and solves nothing, so that threads do not compile the same program.
    run(operands, lanes(0, order(0, min(plan.rows, rows.size))), np.int32(0))

    def work(number: int) -> Part:
        stored = store.load(number)
        if stored is not None:
            return stored
        first = number * plan.rows
        many = min(plan.rows, rows.size - first)
        placed = order(first, many)
        part = flat(run(operands, lanes(first, placed), np.int32(-(-many // plan.width))), placed)
        store.save(number, part)
        return part

    return work
