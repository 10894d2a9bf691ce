"""The numbers of a Runge–Kutta method, which prove themselves."""

from dataclasses import dataclass, field

import numpy as np

from .trees import elementary_weight, trees_of_order

__all__ = ["Tableau"]

ROUNDING = 1e-10  # what order conditions may miss for coefficients in double precision


@dataclass(frozen=True, eq=False)
class Tableau:
    r"""An explicit Runge–Kutta method with an embedded error estimate and a dense output.

    Stages :math:`k_i = f(t + c_i h, y + h \sum_j a_{ij} k_j)`, result :math:`y + h \sum_i b_i k_i`, error estimate
    :math:`h \sum_i e_i k_i` with :math:`e = b - \hat b`, dense output :math:`y + h \sum_i b_i(\theta) k_i` where
    ``interpolant[i][d]`` is the coefficient of :math:`\theta^{d+1}` in :math:`b_i`.
    """

    name: str
    order: int
    error_order: int
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    error: tuple[float, ...]
    interpolant: tuple[tuple[float, ...], ...]
    reference: str
    c: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        stages = len(self.b)
        if len(self.a) != stages or any(len(row) != k for k, row in enumerate(self.a)):
            raise ValueError(f"{self.name}: row k of an explicit tableau has k entries; there are {stages} stages")
        for name in ("error", "interpolant"):
            if len(getattr(self, name)) != stages:
                raise ValueError(f"{self.name}: {name} has {len(getattr(self, name))} entries; there are {stages} stages")
        object.__setattr__(self, "c", tuple(float(np.sum(row)) for row in self.a))
        self._prove()

    def _prove(self) -> None:
        """What the table claims to be must hold to rounding: the orders, and that the dense output ends in the step."""
        embedded = np.asarray(self.b) - np.asarray(self.error)
        for what, order, weights in (("order", self.order, None), ("error estimate's order", self.error_order, embedded)):
            defect = self.defect(order, weights)
            if not defect <= ROUNDING:
                raise ValueError(
                    f"{self.name}: the {what} is given as {order}, but an order condition up to it is missed by {defect:.1e}; "
                    "check the digits"
                )
        miss = np.max(np.abs(self.dense_weights(1.0) - np.asarray(self.b)))
        if not miss <= ROUNDING:
            raise ValueError(f"{self.name}: the interpolant at theta = 1 differs from b by {miss:.1e}; check the digits")

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.b)

    @property
    def fsal(self) -> bool:
        """Whether the last stage is the first stage of the next step."""
        return self.b[-1] == 0 and tuple(self.a[-1]) == tuple(self.b[:-1])

    def matrix(self) -> np.ndarray:
        """The coefficients ``a`` as a square matrix."""
        full = np.zeros((self.stages, self.stages))
        for k, row in enumerate(self.a):
            full[k, :k] = row
        return full

    def defect(self, order: int, weights: np.ndarray | None = None, theta: float = 1.0) -> float:
        """Largest violation of the order conditions up to ``order`` (Butcher 1963), at ``theta`` for dense output."""
        a, weights = self.matrix(), np.asarray(self.b if weights is None else weights)
        return max(
            abs(weights @ elementary_weight(tree, a) - theta**tree.order / tree.density)
            for p in range(1, order + 1)
            for tree in trees_of_order(p)
        )

    def dense_weights(self, theta: float) -> np.ndarray:
        """The weights ``b_i(theta)``."""
        powers = theta ** np.arange(1, len(self.interpolant[0]) + 1)
        return np.asarray(self.interpolant) @ powers
