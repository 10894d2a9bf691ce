"""Methods that are one stepper and a table of numbers, and the names under which such tables are kept."""

import functools
import importlib
from typing import Any, ClassVar, Generic, TypeVar

from ..spec.method import Method

__all__ = ["Row", "Tabled"]


class Tabled(Method):
    """A stepper for the tables of one family; name, order and error estimate are those of its ``tableau``.

    A table has ``name``, ``order``, ``error`` (the weights of the estimate, ``None``: none), ``error_order`` and ``reference``.
    """

    tableau: Any
    native: bool = True  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]

    @property
    def order(self) -> int:
        return self.tableau.order

    @property
    def error_order(self) -> int:
        return self.tableau.error_order if self.adaptive else self.order - 1

    @property
    def name(self) -> str:
        return self.tableau.name

    @property
    def adaptive(self) -> bool:
        return self.tableau.error is not None


Stepper = TypeVar("Stepper", bound=Tabled)


class Row(Generic[Stepper]):
    """A method of a stored table: called, it gives the ``stepper`` with the table, which is read at first use.

    The table is the upper-case name in the module ``family`` of :mod:`universalde.tableaus`.
    """

    stepper: ClassVar[Any]
    remark: ClassVar[str] = ""  # what documentation says of every method of the kind; {name} is that of the method

    def __init__(self, name: str, family: str, summary: str):
        self.__name__, self.family = name, family
        self.__doc__ = f"""{summary}

        Source: ``ude.{name}.tableau.reference``.{self.remark.format(name=name)}

        Example: ``ude.solve(problem, ude.{name}(), dt0=0.01)``
        """

    @functools.cached_property
    def tableau(self) -> Any:
        """The table."""
        return getattr(importlib.import_module(f"..tableaus.{self.family}", __package__), self.__name__.upper())

    @functools.cache  # noqa: B019 - rows live as long as the module
    def __call__(self, *, native: bool = True) -> Stepper:
        return self.stepper(self.tableau, native=native)

    def __repr__(self) -> str:
        return f"ude.{self.__name__}"
