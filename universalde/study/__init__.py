"""The six steps from data and half a model to a readable equation, as one object."""

from universalde.study.study import PHASES, Choice, Forecast, Phase, Result, Study, Trained

__all__ = ["PHASES", "Choice", "Forecast", "Phase", "Result", "Study", "Trained"]
