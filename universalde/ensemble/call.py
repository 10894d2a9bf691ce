"""``ensemble``: one problem for many parameters or initial states."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..choose import Choice
from ..solve import Prepared, choose_or_check, prepare
from ..spec.controller import Controller
from ..spec.method import Method
from ..spec.problem import Problem
from ..spec.save import Save
from .chunk import Plan, chunk_program, flat, order_program, plan_of, width_of
from .pool import cores, in_order
from .progress import shown
from .reductions import as_reduction
from .result import Ensemble, Part, failures, joined, saved_of, solution_of, summary_of, warn_of_failures
from .rows import Lanes, Rows, batched, rows_as_lanes, rows_of, template
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
    max_steps: int = 1_000_000,
    controller: Controller | None = None,
    chunk: int | None = None,
    progress: Any = False,
    checkpoint: Any = None,
) -> Ensemble:
    """Solve ``problem`` once for each row of ``over``, on all cores.

    ``over`` is a dict with ``"y0"``, ``"args"`` or both, trees whose arrays have one row per trajectory in front (single
    numbers in them are the same for all).  With ``change`` it is a tree of rows of any kind, and
    ``change(problem, row) -> problem`` replaces ``y0`` or ``args``; it is called once, under ``vmap``.

    ``saveat`` is ``None`` (only the end), a vector of times, or a :class:`Save` of either; with ``Save(of=…)`` or
    ``Save(only=…)`` ``ys`` is what those keep.  ``reduce`` is :data:`ude.mean`, ``ude.quantiles(...)`` or
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
    one = template(problem, rows.take(slice(1)))
    options = {
        "rtol": rtol, "atol": atol, "saveat": _saved(saveat), "dt0": dt0, "max_steps": max_steps, "controller": controller,
    }  # fmt: skip
    prepared = prepare(one, _choice(one, method, rtol), options)
    if prepared.call.traced:
        raise TypeError("ensemble was called inside jit, grad or vmap; there write jax.vmap of ude.solve")
    plan = plan_of(prepared.call, rows.size, chunk, width_of(prepared, lambda width: _one_batch(prepared, rows, width)))
    store = NoStore()
    if checkpoint is not None:
        store = Store(checkpoint, fingerprint(prepared.call, rows.leaves, rows.trace(), (rows.size, *plan)))
    with shown(progress, rows.size) as show:
        return _gathered(prepared, rows, plan, store, reduction, show)


def _choice(problem: Problem, method: Method | None, rtol: Any) -> Choice:
    choice = choose_or_check(problem, method, rtol)
    return choice if choice.unseen is None else Choice(choice.unseen, "chosen because some trajectory may be stiff")


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
    return saveat


def _gathered(prepared: Prepared, rows: Rows, plan: Plan, store: Any, reduction: Any, show: Callable) -> Ensemble:
    """Run the chunks, hand each to the reduction or keep it, and put the answer together."""
    call = prepared.call

    saved = saved_of(call)

    def seen(part: Part) -> Ensemble:
        return solution_of(part, call, saved, prepared.label)

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
    lanes = batched(rows_as_lanes(prepared.call, rows.take(slice(1))), np.zeros(width, int), width)
    return jax.tree.map(lambda leaf: leaf[0], lanes)


def _worker(prepared: Prepared, rows: Rows, plan: Plan, store: Any) -> Callable[[int], Part]:
    """A function that solves the chunk of a number, or reads it when it is stored."""
    call, operands, compiled = prepared.call, prepared.call.operands, prepared.entry
    run, look = compiled.get("ensemble", chunk_program), compiled.get("ensemble order", order_program)
    lanes = plan.width * plan.batches
    sorts = plan.width > 1 and call.program.chooses_step

    def taken(first: int) -> Lanes:
        """A chunk as it is compiled for; the last row again where there are no more, whose results are dropped."""
        there = first + lanes <= rows.size
        chosen = slice(first, first + lanes) if there else np.minimum(np.arange(first, first + lanes), rows.size - 1)
        return rows_as_lanes(call, rows.take(chosen))

    def solved(first: int, many: int, batches: int) -> Part:
        own, order = taken(first), np.arange(lanes)
        if sorts:  # those of one batch take about as many steps: a batch waits for its slowest
            order[:many] = np.argsort(np.asarray(look(operands, own))[:many])
        return flat(run(operands, batched(own, order, plan.width), np.int32(batches)), order[:many])

    def work(number: int) -> Part:
        stored = store.load(number)
        if stored is not None:
            return stored
        first = number * plan.rows
        many = min(plan.rows, rows.size - first)
        part = solved(first, many, -(-many // plan.width))
        store.save(number, part)
        return part

    if ("ensemble ready", plan.width, lanes) not in compiled.functions:
        # Compiles and solves nothing, so that threads do not compile the same program.
        solved(0, min(plan.rows, rows.size), 0)
        compiled.functions["ensemble ready", plan.width, lanes] = None
    return work
