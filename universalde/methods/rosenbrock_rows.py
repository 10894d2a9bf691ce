"""The Rosenbrock methods by name; a table is read at the first call of its method."""

from .rosenbrock import RosenbrockRow as Row

__all__ = [
    "GRK4A", "GRK4T", "ROK4a", "ROS2", "ROS2PR", "ROS2S", "ROS3", "ROS34PRw", "ROS34PW1a", "ROS34PW1b", "ROS34PW2",
    "ROS34PW3", "ROS3P", "ROS3PR", "ROS3PRL", "ROS3PRL2", "ROSENBROCK", "ROSENBROCK_ABSENT", "Rodas23W", "Rodas3",
    "Rodas3P", "Rodas3d", "Rodas4", "Rodas42", "Rodas4P", "Rodas4P2", "Rodas4PW", "Rodas5", "Rodas5P", "Rodas5Pe",
    "Rodas6P", "Ros4LStab", "RosShamp4", "Rosenbrock23", "Rosenbrock32", "RosenbrockW6S4OS", "Scholz4_7", "Veldd4",
    "Velds4",
]  # fmt: skip

Rosenbrock23 = Row(
    "Rosenbrock23",
    "shampine_reichelt",
    "Shampine and Reichelt's 2(3) pair of three stages, known as ode23s: loose tolerances.",
)
Rosenbrock32 = Row(
    "Rosenbrock32",
    "shampine_reichelt",
    "The other result of Rosenbrock23, of order 3: it amplifies very stiff components, so for mildly stiff problems only.",
)

Rodas3 = Row("Rodas3", "rodas", "A 3(2) pair of four stages from atmospheric chemistry, stiffly accurate.")
Rodas3d = Row(
    "Rodas3d", "rodas", "A 3(2) pair of four stages for the way to steady states of equations with algebraic parts."
)
Rodas4 = Row("Rodas4", "rodas", "Hairer and Wanner's 4(3) pair of six stages, stiffly accurate: medium tolerances.")
Rodas42 = Row("Rodas42", "rodas", "Another 4(3) pair of six stages by Hairer and Wanner, stiffly accurate.")
Rodas5 = Row("Rodas5", "rodas", "Di Marzo's 5(4) pair of eight stages, stiffly accurate.")

Rodas23W = Row(
    "Rodas23W",
    "steinebach",
    "The result of order 2 of the stages of Rodas3P, whose order holds for any matrix in place of the Jacobian.",
)
Rodas3P = Row(
    "Rodas3P", "steinebach", "Steinebach's 3(2) pair of five stages, made for parabolic problems, with a dense output of order 3."
)
Rodas4P = Row(
    "Rodas4P", "steinebach", "Steinebach's 4(3) pair of six stages, made for parabolic problems."
)
Rodas4P2 = Row(
    "Rodas4P2", "steinebach", "Rodas4P improved: of order 2 when the Jacobian is inexact, with a smaller dense output."
)
Rodas4PW = Row(
    "Rodas4PW",
    "steinebach",
    "Rodas4P with nine stages, of order 4 for any matrix in place of the Jacobian.",
)
Rodas5P = Row(
    "Rodas5P",
    "rodas5p",
    "Steinebach's 5(4) pair of eight stages, stiffly accurate: the general choice for small stiff problems.",
)
Rodas5Pe = Row("Rodas5Pe", "rodas5p", "Rodas5P with another estimate.")
Rodas6P = Row(
    "Rodas6P",
    "rodas6p",
    "Steinebach's 6(5) pair of nineteen stages, three of them for dense output of order 5: tight tolerances.",
)

GRK4T = Row(
    "GRK4T", "kaps_rentrop", "Kaps and Rentrop's 4(3) pair of four stages with small errors, A(89°)-stable."
)
GRK4A = Row("GRK4A", "kaps_rentrop", "Kaps and Rentrop's A-stable 4(3) pair of four stages, which hardly damps.")
RosShamp4 = Row("RosShamp4", "kaps_rentrop", "Shampine's A-stable 4(3) pair of four stages.")
Veldd4 = Row("Veldd4", "kaps_rentrop", "Van Veldhuizen's 4(3) pair of four stages, A(89°)-stable and D-stable.")
Velds4 = Row("Velds4", "kaps_rentrop", "Van Veldhuizen's A-stable 4(3) pair of four stages with gamma = 1/2.")
Ros4LStab = Row(
    "Ros4LStab", "kaps_rentrop", "Hairer and Wanner's 4(3) pair of four stages, L-stable to five digits."
)

ROS2 = Row(
    "ROS2",
    "verwer",
    "Verwer's method of order 2 with two stages, whose order holds for any matrix in place of the Jacobian.",
)
ROS3 = Row("ROS3", "verwer", "An L-stable 3(2) pair of three stages and two evaluations, from atmospheric chemistry.")
ROS3P = Row(
    "ROS3P", "verwer", "Lang and Verwer's 3(2) pair of three stages and two evaluations for parabolic problems."
)
ROK4a = Row(
    "ROK4a",
    "verwer",
    "Tranquilli and Sandu's 4(3) pair of four stages, made for Jacobians in a Krylov space; here with the whole one.",
)
RosenbrockW6S4OS = Row(
    "RosenbrockW6S4OS",
    "verwer",
    "Rahunanthan and Stanescu's method of order 4 for any matrix in place of the Jacobian, of fixed step size.",
)

ROS2PR = Row("ROS2PR", "rang", "Rang's 2(1) pair of three stages, stiffly accurate, for problems of Prothero and Robinson's kind.")
ROS2S = Row("ROS2S", "rang", "Rang's 2(1) pair of three stages, stiffly accurate, of order 2 for any matrix.")
ROS3PR = Row("ROS3PR", "rang", "Rang's 3(2) pair of three stages that keeps order 3 on Prothero and Robinson's problem.")
Scholz4_7 = Row(
    "Scholz4_7", "rang", "Scholz' method of order 3 with three stages, of order 4 on very stiff Prothero–Robinson problems."
)
ROS3PRL = Row("ROS3PRL", "rang", "Rang's L-stable 3(2) pair of four stages, stiffly accurate.")
ROS3PRL2 = Row(
    "ROS3PRL2",
    "rang",
    "Rang's L-stable 3(2) pair of four stages that keeps order 3 on Prothero and Robinson's problem.",
)
ROS34PRw = Row("ROS34PRw", "rang", "Rang's L-stable 3(2) pair of four stages, of order 3 for any matrix.")
ROS34PW1a = Row(
    "ROS34PW1a", "rang", "Rang and Angermann's L-stable 3(2) pair of four stages, of order 3 for any matrix."
)
ROS34PW1b = Row("ROS34PW1b", "rang", "A second such pair of Rang and Angermann's.")
ROS34PW2 = Row("ROS34PW2", "rang", "A third one, stiffly accurate, for equations with algebraic parts.")
ROS34PW3 = Row(
    "ROS34PW3", "rang", "Rang and Angermann's method of order 4 with four stages, of order 3 for any matrix."
)

ROSENBROCK = {
    row.__name__: row
    for row in (
        Rosenbrock23, Rosenbrock32, Rodas3, Rodas3d, Rodas3P, Rodas23W, Rodas4, Rodas42, Rodas4P, Rodas4P2, Rodas4PW,
        Rodas5, Rodas5P, Rodas5Pe, Rodas6P, GRK4T, GRK4A, RosShamp4, Veldd4, Velds4, Ros4LStab, ROS2, ROS3, ROS3P,
        ROK4a, RosenbrockW6S4OS, ROS2PR, ROS2S, ROS3PR, Scholz4_7, ROS3PRL, ROS3PRL2, ROS34PRw, ROS34PW1a, ROS34PW1b,
        ROS34PW2, ROS34PW3,
    )  # fmt: skip
}

# Rosenbrock methods that have no row, and why.
ROSENBROCK_ABSENT = {
    "Rodas5Pr": "its numbers are those of Rodas5P; a step is judged by the residual of the dense output too, which no row of numbers holds",
    "HybridExplicitImplicitRK": "a stepper with explicit stages for the differential part and Rosenbrock stages for the algebraic part",
    "Tsit5DA": "a table for that stepper",
}
