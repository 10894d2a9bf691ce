"""Structures and matrices for the tests of linear algebra."""

import numpy as np

from universalde.linalg import Banded, BlockDiagonal, Dense, Diagonal

# One for each way of solving, and the corners of each.
STRUCTURES = [
    (Dense(), 1),
    (Dense(), 3),
    (Dense(), 12),
    (Dense(), 110),
    (Diagonal(), 5),
    (Banded(1, 1), 7),
    (Banded(2, 0), 7),
    (Banded(0, 3), 8),
    (Banded(3, 2), 20),
    (BlockDiagonal(3), 9),
]
NAMES = [f"{structure}-{n}" for structure, n in STRUCTURES]


def random_matrix(structure, n, dtype=float, seed=0):
    """A full NumPy matrix with random entries where the structure has some."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(n, n)).astype(dtype)
    if np.iscomplexobj(matrix):
        matrix = matrix + 1j * random.normal(size=(n, n))
    return np.where(pattern(structure, n), matrix, 0)


def pattern(structure, n):
    """Where the structure has entries, from its definition."""
    row, column = np.indices((n, n))
    match structure:
        case Diagonal():
            return row == column
        case Banded(lower, upper):
            return (column >= row - lower) & (column <= row + upper)
        case BlockDiagonal(size):
            return row // size == column // size
        case _:
            return np.ones((n, n), bool)


def backward_error(matrix, x, b):
    """The least relative change of the entries and of b for which x is exact (Rigal & Gaches 1967)."""
    size = np.linalg.norm(matrix, np.inf) * np.linalg.norm(x, np.inf) + np.linalg.norm(b, np.inf)
    return np.linalg.norm(matrix @ x - b, np.inf) / size
