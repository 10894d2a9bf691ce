"""A fit in progress: stages one after the other, the clock, the disk and the screen."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np

from universalde.learn import checkpoint as on_disk
from universalde.learn.constraints import Space
from universalde.learn.program import CAPACITY, SMALL, Limits, Rows, Run, advance, begin
from universalde.learn.progress import Report
from universalde.learn.rules import Verdict

__all__ = ["Fit", "History", "Options", "Session", "StageResult"]

_CHUNK_SECONDS = 0.3


class History(NamedTuple):
    """One entry per iteration; entry 0 is the start. A failed evaluation is NaN in ``loss``."""

    loss: np.ndarray
    gradient: np.ndarray
    validation: np.ndarray | None
    boundaries: tuple[int, ...]


class StageResult(NamedTuple):
    """How one stage went."""

    name: str
    iterations: int
    loss: float
    reason: str
    seconds: float


class Fit(eqx.Module):
    """The result of :func:`fit`.

    ``params`` are the best found (by validation loss where one was given), ``loss`` is the training loss there.
    ``reason`` says why the last stage ended, ``failures`` counts evaluations without a finite loss and gradient.
    """

    params: Any
    loss: float
    history: History
    reason: str
    failures: int
    evaluations: int
    stages: tuple[StageResult, ...]
    seconds: float
    aux: Any = None


class Options(NamedTuple):
    """What the user asked for, besides loss and parameters."""

    stages: tuple
    callback: Callable | None
    patience: int | None
    tolerance: float | None
    target: float | None
    validate: Callable | None
    validate_every: int
    path: Path | None
    every: float


class _Progress(NamedTuple):
    """What has been reached; replaced as a whole, so that an interrupt never sees half of a change."""

    run: Run
    rows: list
    stage: int
    seconds: float
    results: list
    finished: bool
    returns_pair: bool


class Session:
    """Runs the stages of one fit; :meth:`result` is the only thing to call."""

    def __init__(self, loss: Callable, params: Any, args: tuple, space: Space, options: Options, reports: Any):
        self.loss, self.args, self.space, self.options, self.reports = loss, args, space, options, reports
        settings = (
            options.patience, options.tolerance, options.target, options.validate is None, options.validate_every,
            [(place.index, place.transform) for place in space.places],
        )  # fmt: skip
        self.fingerprint = on_disk.fingerprint(params, options.stages, settings, args)
        self.vector = space.vector(params)
        self.now = self._resumed() or _Progress(self._stage_start(0, None), [], 0, 0.0, [], False, False)
        self.saved_at = time.perf_counter()

    def result(self) -> Fit:
        """Run what is left to run."""
        try:
            while not self.now.finished:
                self._run_stage()
        except KeyboardInterrupt:
            self._save()
            raise
        finally:
            self.reports.close()
        return self._fit()

    # What the compiled program is given ------------------------------------------------------------------------------
    def _rules(self, stage: int) -> tuple:
        """The rules in the program of a stage: those of all stages, or its own alone when their memory is large."""
        stages = self.options.stages if self.space.size <= SMALL else (self.options.stages[stage],)
        return tuple(dict.fromkeys(each.rule for each in stages))

    def _stage_start(self, stage: int, run: Run | None) -> Run:
        rules = self._rules(stage)
        active = rules.index(self.options.stages[stage].rule)
        return begin(rules, active, self.vector if run is None else run.best_point, self.space, run)

    def _numbers(self, stage: int) -> tuple:
        """The numbers of each rule: those of the current stage for its own, those of any stage for the others."""
        own = {each.rule: each.numbers for each in (*self.options.stages, self.options.stages[stage])}
        return tuple(tuple(np.asarray(x, self.space.dtype) for x in own[rule]) for rule in self._rules(stage))

    def _limits(self, stage: int) -> tuple[Limits, str]:
        """When a stage ends, and the sentence for running out of patience."""
        options, chosen = self.options, self.options.stages[stage]
        patience, tolerance = options.patience, options.tolerance
        said = "no relative improvement above {:g} in {} iterations"
        if patience is None and chosen.rule.monotone:
            patience, said = 10, "converged: the loss improved by less than {:g} (relative) in {} iterations"
            tolerance = max(1e-10, 10 * float(np.finfo(self.space.dtype).eps)) if tolerance is None else tolerance
        most = np.iinfo(np.int32).max
        limits = Limits(
            np.int32(min(chosen.steps, most)),
            np.int32(most if patience is None else min(patience, most)),
            np.asarray(tolerance or 0.0, self.space.dtype),
            np.asarray(-np.inf if options.target is None else options.target, self.space.dtype),
            np.int32(options.validate_every),
        )
        return limits, said.format(tolerance or 0.0, patience)

    # One stage -------------------------------------------------------------------------------------------------------
    def _run_stage(self) -> None:
        stage, passes, stopped = self.now.stage, 1, False
        limits, impatient = self._limits(stage)
        rules, numbers = self._rules(stage), self._numbers(stage)
        while not stopped and int(self.now.run.verdict) == Verdict.going:
            began = time.perf_counter()
            pair, count, run, rows = advance(
                self.loss, self.options.validate, rules, self.space, self.args, numbers, limits, self.now.run,
                np.int32(passes),
            )  # fmt: skip
            self._note(pair, int(count), run, rows, began)
            elapsed = time.perf_counter() - began
            self._check_start()
            stopped = self._report()
            # The first call compiles and says nothing about speed.
            passes = 8 if passes == 1 else int(np.clip(passes * _CHUNK_SECONDS / max(elapsed, 1e-6), 2, CAPACITY))
        self._close_stage(limits, impatient, stopped)

    def _note(self, pair: bool, count: int, run: Run, rows: Rows, began: float) -> None:
        """Take over what one call has done; a later stage starts at a point that is in the history already."""
        repeated = int(self.now.stage > 0 and int(self.now.run.iteration) < 0 and count > 0)
        new = Rows(*(np.asarray(column)[repeated:count] for column in rows))
        seconds = self.now.seconds + time.perf_counter() - began
        self.now = self.now._replace(run=run, rows=[*self.now.rows, new], seconds=seconds, returns_pair=pair)

    def _check_start(self) -> None:
        run = self.now.run
        if int(run.evaluations) != 1 or bool(run.last.good):
            return
        value = float(run.last.value)
        what = "its gradient is not finite" if np.isfinite(value) else f"it is {value:g}"
        raise ValueError(
            f"The loss cannot be used at the starting parameters: {what} there (value {value:g}). fit needs a start "
            "where the loss and its gradient are finite. Evaluate loss(params) yourself; if a solve fails, start "
            "closer to known physics (a smaller final layer of the network), shorten the time span, or use "
            "MultipleShooting."
        )

    def _report(self) -> bool:
        """Show progress, call back, save when it is time; True when the callback asks to stop."""
        run, options = self.now.run, self.options
        name = f"{self.now.stage + 1}/{len(options.stages)} {_name(options.stages[self.now.stage])}"
        steps = options.stages[self.now.stage].steps
        iteration = max(int(run.iteration), 0)
        loss, best, failures = float(run.last.value), float(run.best_value), int(run.failures)
        self.reports.show(Report(name, iteration, steps, loss, best, failures))
        if time.perf_counter() - self.saved_at > options.every:
            self._save()
        if options.callback is None:
            return False
        done = sum(len(rows.loss) for rows in self.now.rows) - 1
        return options.callback(done, self.space.params(np.asarray(run.last.point)), loss) is True

    def _close_stage(self, limits: Limits, impatient: str, stopped: bool) -> None:
        run, stage = self.now.run, self.now.stage
        verdict = int(run.verdict)
        reasons = {
            Verdict.going: "stopped by the callback",
            Verdict.steps: f"steps used up ({int(run.iteration)} iterations)",
            Verdict.target: f"reached the target loss {float(limits.target):g}",
            Verdict.patience: impatient,
            Verdict.stuck: "stopped: every step from the last good point gave a loss that is not finite",
            Verdict.flat: "converged: the gradient is zero",
            Verdict.no_descent: "stopped: the line search failed twice in a row at one point "
            "(rounding error reached, or a loss with jumps)",
        }
        spent = self.now.seconds - sum(result.seconds for result in self.now.results)
        reason = "stopped by the callback" if stopped else reasons[verdict]
        name = _name(self.options.stages[stage])
        result = StageResult(name, int(run.iteration), float(run.best_value), reason, spent)
        finished = stopped or verdict == Verdict.target or stage + 1 == len(self.options.stages)
        following = stage if finished else stage + 1
        run = run if finished else self._stage_start(following, run)
        self.now = self.now._replace(run=run, stage=following, results=[*self.now.results, result], finished=finished)
        self._save()

    # The disk --------------------------------------------------------------------------------------------------------
    def _history(self) -> Rows:
        blank = np.zeros(0, self.space.dtype)
        return Rows(*(np.concatenate([blank, *(rows[k] for rows in self.now.rows)]) for k in range(len(Rows._fields))))

    def _save(self) -> None:
        if self.options.path is None:
            return
        now, history = self.now, self._history()
        saved = on_disk.Saved(
            self.fingerprint, now.stage, len(history.loss), now.seconds, now.finished, now.returns_pair,
            [tuple(result) for result in now.results],
        )  # fmt: skip
        on_disk.write(self.options.path, saved, (now.run, history))
        self.saved_at = time.perf_counter()

    def _resumed(self) -> _Progress | None:
        path = self.options.path
        saved = None if path is None else on_disk.read_header(path, self.fingerprint)
        if path is None or saved is None:
            return None
        rows = Rows(*(np.zeros(saved.rows, self.space.dtype) for _ in Rows._fields))
        run, history = on_disk.read_arrays(path, (self._stage_start(saved.stage, None), rows))
        results = [StageResult(*fields) for fields in saved.results]
        return _Progress(run, [history], saved.stage, saved.seconds, results, saved.finished, saved.returns_pair)

    # The end ---------------------------------------------------------------------------------------------------------
    def _fit(self) -> Fit:
        now, rows = self.now, self._history()
        lengths = [result.iterations for result in now.results]
        history = History(
            rows.loss, rows.gradient, None if self.options.validate is None else rows.score,
            tuple(int(x) for x in np.cumsum(lengths)),
        )  # fmt: skip
        params = self.space.params(np.asarray(now.run.best_point))
        aux = eqx.filter_jit(self.loss)(params, *self.args)[1] if now.returns_pair else None
        return Fit(
            params, float(now.run.best_value), history, now.results[-1].reason, int(now.run.failures),
            int(now.run.evaluations), tuple(now.results), now.seconds, aux,
        )  # fmt: skip


def _name(stage: Any) -> str:
    return type(stage).__name__
