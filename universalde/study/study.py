"""A study: data, the known part of a model, a network for the unknown part; and what comes out of it.

The six steps (Rackauckas et al., Universal differential equations for scientific machine learning, arXiv:2001.04385):
gather data, write what is known, put a network where knowledge is missing, train, regress the learned term sparsely,
and check the equation by extrapolation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from universalde.discover import DataChoice, Discovery, Library, SparseModel
from universalde.learn import LBFGS, Adam, Fit

__all__ = ["PHASES", "Choice", "Forecast", "Phase", "Result", "Study", "Trained"]


class Phase(NamedTuple):
    """One stage of training: the loss it sees, its optimiser, and when it may end early.

    ``group_size`` cuts the data into groups of so many intervals, each solved from the data point it begins with
    (multiple shooting with given starts: a robust beginning); ``None`` is one solve over all data from a start that is
    learned too.
    """

    stage: Any
    group_size: int | None = None
    patience: int | None = None
    tolerance: float | None = None


PHASES = (Phase(Adam(0.02, 1000), group_size=5), Phase(LBFGS(3000), patience=100, tolerance=1e-3))
"""How every case is trained: short solves until the term has its shape, then one solve over all data."""


@dataclass(frozen=True)
class Study:
    """What is given.  ``f(t, y, p)`` is the right-hand side; ``p["unknown"]`` is called where knowledge is missing.

    ``p`` is a dict with ``"unknown"`` (a network while training, an equation afterwards) and ``"rates"`` (a dict of
    numbers that are learned along with it; may be empty).  ``inputs(y)`` is what the unknown term sees (also for many
    states: the last axis is the state).  ``data`` has one row per time of ``ts`` and one column per observed entry of the
    state (``observed`` are their indices; NaN where nothing was measured); misfits are divided by ``scale``.
    ``atol`` is one number or a vector with one entry per state.  The start ``y0`` is learned too unless ``start_known``.

    With ``relative_error`` the data are positive and their errors proportional to the values: misfits are
    log(solution / data) in units of this standard deviation, the noise counts as known, and ``scale`` only sets a floor
    under solutions that are not positive.  Of the equations whose criterion is within ``margin`` of the least the
    simplest is chosen; 6 is where evidence against the simpler one becomes strong (R. Kass, A. Raftery, J. Am. Stat.
    Assoc. 90 (1995) 773).  ``earlier`` is the same study on less data: it goes through all steps too, and what it
    foretells can be compared with the data it has not seen.
    """

    name: str
    title: str
    story: str
    source: str
    ts: np.ndarray
    data: np.ndarray
    observed: tuple[int, ...]
    state_names: tuple[str, ...]
    scale: np.ndarray
    f: Callable
    y0: np.ndarray
    inputs: Callable
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    network: Callable
    library: Library
    horizon: np.ndarray
    rates: dict[str, float] = field(default_factory=dict)
    phases: tuple[Phase, ...] = PHASES
    method: Any = None
    rtol: float = 1e-6
    atol: Any = 1e-6
    start_known: bool = False
    samples: int = 301
    regression: Any = None
    max_terms: int = 4
    margin: float = 6.0
    relative_error: float | None = None
    noise_floor: float | None = None
    truth: Callable | None = None
    truth_model: Callable | None = None
    held_out: tuple[np.ndarray, np.ndarray] | None = None
    unit: str = ""
    time_unit: str = ""
    comparison: Callable | None = None
    finish: Callable | None = None
    earlier: "Study | None" = None


class Trained(NamedTuple):
    """Step 4: the trained parameters, the fit, and the learned term along the fitted path."""

    params: Any
    fits: tuple[Fit, ...]
    times: np.ndarray
    states: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray
    loss: float


class Choice(NamedTuple):
    """Step 5: the regression on the learned term, and the equation chosen after refits on the data."""

    discovery: Discovery
    by_data: DataChoice
    model: SparseModel
    rates: dict
    start: np.ndarray
    sse: float


class Forecast(NamedTuple):
    """Step 6: paths over the horizon; ``truth`` where it is known."""

    times: np.ndarray
    equation: np.ndarray
    network: np.ndarray
    truth: np.ndarray | None
    comparison: dict[str, np.ndarray]


class Result(NamedTuple):
    """All steps of one run.

    ``numbers`` is what the report stores as JSON; ``rows`` are the lines of the printed table (quantity, value, note);
    ``notes`` are sentences for the reader; ``earlier`` is the run of ``study.earlier``.
    """

    study: Study
    seed: int
    trained: Trained
    choice: Choice
    forecast: Forecast
    numbers: dict
    rows: list[tuple[str, str, str]]
    notes: list[str]
    seconds: float
    earlier: Any = None
