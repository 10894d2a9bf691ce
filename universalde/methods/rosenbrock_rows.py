"""Every Rosenbrock method by its name."""

from .rosenbrock import RosenbrockRow

__all__ = ["ROSENBROCK", "Rodas4", "Rodas4P", "Rodas5P", "Rosenbrock23"]

Rosenbrock23 = RosenbrockRow(
    "Rosenbrock23", "shampine_reichelt", "Shampine and Reichelt's method of order 2 with three stages, for loose tolerances."
)
Rodas4 = RosenbrockRow("Rodas4", "rodas", "Hairer and Wanner's method of order 4 with six stages, stiffly accurate.")
Rodas4P = RosenbrockRow("Rodas4P", "rodas", "Order 4 also for parabolic problems, six stages, stiffly accurate.")
Rodas5P = RosenbrockRow("Rodas5P", "rodas", "Order 5 with eight stages, stiffly accurate: the general choice for small stiff problems.")

ROSENBROCK = {row.__name__: row for row in (Rosenbrock23, Rodas4, Rodas4P, Rodas5P)}
