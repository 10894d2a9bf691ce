"""Learning: losses, constraints, optimisation in stages, multiple shooting, a small network."""

from universalde.learn.constraints import Between, Positive
from universalde.learn.descent import Adam, Optax
from universalde.learn.fit import fit
from universalde.learn.losses import huber, mean_squared, mean_squared_log, mean_squared_relative, sum_squared
from universalde.learn.network import MLP
from universalde.learn.quasi_newton import LBFGS
from universalde.learn.session import Fit, History, StageResult
from universalde.learn.shooting import MultipleShooting, Shots

__all__ = [
    "LBFGS",
    "MLP",
    "Adam",
    "Between",
    "Fit",
    "History",
    "MultipleShooting",
    "Optax",
    "Positive",
    "Shots",
    "StageResult",
    "fit",
    "huber",
    "mean_squared",
    "mean_squared_log",
    "mean_squared_relative",
    "sum_squared",
]
