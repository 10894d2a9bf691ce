"""What is fixed of the Nordsieck form of the backward differentiation formulas."""

from dataclasses import dataclass
from typing import ClassVar

__all__ = ["NORDSIECKBDF", "NordsieckFormula"]


@dataclass(frozen=True, eq=False)
class NordsieckFormula:
    """Backward differentiation formulas of orders 1 to ``highest`` on scaled derivatives; coefficients follow from the last step sizes."""

    lowest: ClassVar[int] = 1

    name: str
    highest: int
    reference: str

    @property
    def order(self) -> int:
        """The highest order."""
        return self.highest

    @property
    def error(self) -> tuple[float, ...]:
        """Present: all formulas have an estimate."""
        return ()

    @property
    def error_order(self) -> int:
        """Of the estimate at the start, where the order is 1."""
        return 1


NORDSIECKBDF = NordsieckFormula(
    "NordsieckBDF", 5,
    "Byrne & Hindmarsh, ACM Transactions on Mathematical Software 1, 1975, 71-96; Brown, Byrne & Hindmarsh, VODE, SIAM Journal on "
    "Scientific and Statistical Computing 10, 1989, 1038-1051; Hindmarsh et al., SUNDIALS, ACM Transactions on Mathematical Software 31, "
    "2005, 363-396",
)  # fmt: skip
