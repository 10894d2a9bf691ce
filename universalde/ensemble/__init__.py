"""Ensembles: one problem for many parameters or initial states, on all cores of one machine."""

from .call import ensemble
from .reductions import Moments, Reduction, mean, quantiles
from .result import Ensemble

__all__ = ["Ensemble", "Moments", "Reduction", "ensemble", "mean", "quantiles"]
