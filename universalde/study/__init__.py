"""The six steps from data and half a model to a readable equation, as one object."""

from universalde.study.study import Choice, Forecast, Phase, Result, Study, Trained

__all__ = ["Choice", "Forecast", "Phase", "Result", "Study", "Trained"]
