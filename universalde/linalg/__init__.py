"""Jacobians and what is solved with them: structures, operators, factors."""

from .banded import Banded
from .block import BlockDiagonal
from .dense import Dense
from .diagonal import Diagonal
from .operator import Factor, Operator
from .structure import Structure

__all__ = ["Banded", "BlockDiagonal", "Dense", "Diagonal", "Factor", "Operator", "Structure"]
