"""``fit``: from a loss and a start to trained parameters."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from universalde.learn.constraints import Space, as_trainable
from universalde.learn.descent import Adam
from universalde.learn.progress import reporter
from universalde.learn.quasi_newton import LBFGS
from universalde.learn.session import Fit, Options, Session

__all__ = ["fit"]


def fit(
    loss: Callable,
    params: Any,
    *,
    args: tuple = (),
    stages: Any = None,
    frozen: Any = None,
    positive: Any = None,
    bounds: Any = (),
    validate: Callable | None = None,
    validate_every: int = 10,
    patience: int | None = None,
    tolerance: float | int | None = None,
    target: float | int | None = None,
    callback: Callable | None = None,
    progress: Any = True,
    checkpoint: str | Path | None = None,
    every: float | int = 30.0,
) -> Fit:
    r"""Find the parameters that make a loss small: :math:`\min_p L(p)`, by Adam and then L-BFGS unless told otherwise.

    Args:
        loss: ``loss(params, *args)``, a real scalar or ``(scalar, anything)``. It is compiled once for all stages.
        params: any pytree. Its floating-point arrays are trained; Python numbers in dicts, lists and tuples count as
            arrays, everything else (activation functions, integers, fields of modules that are numbers) stays.
        args: data for the loss; other values of the same shapes do not compile again if ``loss`` is the same function.
        stages: :class:`Adam`, :class:`LBFGS` or :class:`Optax`, one or a sequence; each starts from the
            best point so far.
        frozen, positive: which leaves to keep, and which to keep above zero: ``lambda p: p.rate``, a list of such
            functions, or a tree of bools. ``positive=(which, Positive("softplus"))`` chooses the other mapping.
        bounds: pairs ``(which, Between(low, high))``.
        validate: a second loss, evaluated every ``validate_every`` iterations; the best parameters, ``patience`` and
            ``target`` then go by it.
        patience: end a stage after so many iterations without a relative improvement above ``tolerance``.
        tolerance: alone, it ends quasi-Newton stages after 10 such iterations (by default: rounding error).
        target: end the fit at this loss.
        callback: ``callback(iteration, params, loss)``, a few times a second; returning True ends the fit.
        progress: True shows a bar in a terminal, ``"lines"`` prints lines, False shows nothing; or your own object with
            ``show(report)`` (stage, iteration, steps, loss, best, failures) and ``close()``.
        checkpoint: a file written every ``every`` seconds, at the end of each stage, and when interrupted. The same
            call with the same path continues there, bit for bit; a finished fit is returned at once.

    A point where the loss or its gradient is not finite, such as a failed solve, is taken back, counted in
    ``failures``, and followed by shorter steps.

    Raises:
        ValueError: the loss or its gradient is not finite at the start; a constraint does not fit; a checkpoint
            belongs to another fit.
        TypeError: the loss does not return a real scalar.

    >>> result = fit(lambda p: jnp.sum((p["x"] - 3.0) ** 2), {"x": jnp.zeros(2)}, progress=False)
    """
    stages = _as_stages(stages)
    params = as_trainable(params)
    space = Space.of(params, frozen, positive, bounds)
    path = None if checkpoint is None else Path(checkpoint)
    _check_numbers(patience, tolerance, target, validate_every, every)
    options = Options(stages, callback, patience, tolerance, target, validate, validate_every, path, float(every))
    session = Session(loss, params, as_trainable(tuple(args)), space, options, reporter(progress))
    return session.result()


def _as_stages(stages: Any) -> tuple:
    if stages is None:
        return (Adam(1e-2, 1000), LBFGS(1000))
    listed = tuple(stages) if isinstance(stages, Sequence) else (stages,)
    if not listed or not all(hasattr(stage, "rule") and hasattr(stage, "steps") for stage in listed):
        raise TypeError(
            f"stages={stages!r}: write stages such as Adam(0.01, 500), LBFGS(1000) or Optax(optax.sgd(0.1), 500), "
            "one or a tuple of them."
        )
    for stage in listed:
        if stage.steps < 1:
            raise ValueError(f"{type(stage).__name__}(steps={stage.steps}): a stage needs at least one step.")
    return listed


def _check_numbers(patience: Any, tolerance: Any, target: Any, validate_every: int, every: float | int) -> None:
    if patience is not None and patience < 1:
        raise ValueError(f"patience={patience}: write a number of iterations of at least one, or None.")
    if tolerance is not None and not 0 <= tolerance < 1:
        raise ValueError(f"tolerance={tolerance}: a relative improvement between 0 and 1, for example 1e-6, or None.")
    if target is not None and not np.isfinite(target):
        raise ValueError(f"target={target}: write the loss to stop at, or None.")
    if validate_every < 1:
        raise ValueError(f"validate_every={validate_every}: write a number of iterations of at least one.")
    if not every > 0:
        raise ValueError(f"every={every}: write the seconds between checkpoints, above zero.")
