"""Calls that make no sense, with the error each should get.

``python -m tests.solve.bad_input`` runs them as a user would, without checked annotations, and prints what was raised:
under the checker of the test suite many would never reach the package's own sentences.
"""

import json
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import universalde as ude
from tests.solve.problems import DECAY, Calls, decay

TWO = np.ones(2)
SINGLE = np.ones(2, np.float32)


class Case(NamedTuple):
    """A call, the class of its error, and a pattern that the sentence matches."""

    call: Callable[[], Any]
    error: str
    sentence: str


def solving(f: Callable = decay, y0: Any = TWO, tspan: Any = (0.0, 1.0), args: Any = 0.5, **options: Any) -> Callable:
    """A call of ``solve`` to be made later."""
    return lambda: ude.solve(ude.ODE(f, y0, tspan, args), **options)


def returning(value: Any, y0: Any = TWO) -> Callable:
    """A call of ``solve`` whose right-hand side returns ``value``, or ``value(y)``."""
    return solving(lambda t, y, args: value(y) if callable(value) else value, y0)


def twice(call: Callable) -> Callable:
    """The second of two equal calls."""

    def second() -> None:
        try:
            call()
        except Exception:
            call()

    return second


RIGHT_HAND_SIDES = {
    "too many numbers": Case(returning(lambda y: jnp.zeros(3)), "ValueError", r"shape \(3,\) for a state of shape \(2,\); return dy/dt"),
    "a column": Case(returning(lambda y: y[:, None]), "ValueError", r"returned shape \(2, 1\)"),
    "one number for two": Case(returning(0.0), "ValueError", "returned 1 number"),
    "a vector for a number": Case(returning(lambda y: y[None], 1.0), "ValueError", r"shape \(1,\) for a state of shape \(\)"),
    "a longer list": Case(returning(lambda y: [y[0], y[1], 0.0]), "ValueError", "returned 3 numbers"),
    "a tuple of vectors": Case(returning(lambda y: (y, y)), "TypeError", "returned the structure .* for a state of structure"),
    "a missing key": Case(returning(lambda y: {"a": y["a"]}, {"a": 1.0, "b": 1.0}), "TypeError", "structure .*'b'"),
    "a wrong shape in a tree": Case(returning(lambda y: {"a": y["a"][:1]}, {"a": TWO}), "ValueError", r"shape \(1,\)"),
    "nothing": Case(returning(None), "TypeError", r"structure PyTreeDef\(None\)"),
    "a string": Case(returning("dy"), "TypeError", "returned 'dy'"),
    "truth values": Case(returning(lambda y: y > 0), "TypeError", "truth values; it must return the derivative"),
    "True": Case(returning(True, 1.0), "TypeError", "truth values; it must return the derivative"),
    "complex for real": Case(returning(lambda y: 1j * y), "TypeError", "complex128 for a float64 state; give a complex y0"),
    "a complex number": Case(returning(1j, 1.0), "TypeError", "complex128 for a float64 state; give a complex y0"),
    "double for single": Case(returning(lambda y: y * jnp.ones(2), SINGLE), "TypeError", "float64 for a float32 state; give y0 as float64"),
    "a double in a list": Case(returning(lambda y: [y[0] * jnp.ones(()), y[1]], SINGLE), "TypeError", "float64 for a float32 state"),
    "said again": Case(twice(returning(lambda y: jnp.zeros(5))), "ValueError", r"returned shape \(5,\)"),
    "inside jit": Case(
        lambda: jax.jit(lambda k: solving(lambda t, y, k: jnp.zeros(3), args=k)().ys)(1.0), "ValueError", r"returned shape \(3,\)"
    ),
}  # fmt: skip

STARTS = {
    "NaN": Case(solving(y0=np.array([1.0, np.nan])), "ValueError", r"y0 is NaN or infinite at index \[1\]; give finite values"),
    "infinity in a tree": Case(solving(y0={"a": np.array([np.inf])}), "ValueError", r"y0\['a'\] is NaN or infinite"),
    "text": Case(solving(y0="one"), "TypeError", "y0 holds 'one'.*must be numbers"),
    "objects": Case(solving(y0=np.array([None, 1])), "TypeError", "must be numbers or numeric arrays"),
    "nothing": Case(solving(y0=None), "ValueError", "y0 is empty; give a number, an array, or a tree"),
    "an empty list": Case(solving(y0=[]), "ValueError", "y0 is empty"),
    "an empty array": Case(solving(y0=jnp.zeros(0)), "ValueError", "y0 is empty"),
    "a ragged list": Case(solving(y0=[[1.0], [1.0, 2.0]]), "ValueError", "y0 is .*rows must have the same length"),
}  # fmt: skip

SPANS = {
    "zero length": Case(solving(tspan=(1.0, 1.0)), "ValueError", r"tspan = \(1.0, 1.0\) has zero length; give two different times"),
    "infinite": Case(solving(tspan=(0.0, np.inf)), "ValueError", "t1 = inf; both ends must be finite.*stop by an event"),
    "NaN": Case(solving(tspan=(np.nan, 1.0)), "ValueError", "t0 = nan; both ends must be finite"),
    "three times": Case(solving(tspan=(0.0, 1.0, 2.0)), "TypeError", r"tspan is a pair \(t0, t1\); \(0.0, 1.0, 2.0\) was given"),
    "one time": Case(solving(tspan=(0.0,)), "TypeError", "tspan is a pair"),
    "a number": Case(solving(tspan=1.0), "TypeError", "tspan is a pair"),
    "text": Case(solving(tspan="ab"), "TypeError", "both ends are real numbers"),
    "None": Case(solving(tspan=(0.0, None)), "TypeError", "t1 = None; both ends are real numbers"),
    "complex": Case(solving(tspan=(0.0, 1j)), "TypeError", "both ends are real numbers"),
    "a vector as end": Case(solving(tspan=(0.0, TWO)), "TypeError", "both ends are real numbers"),
    "three times by replace": Case(lambda: DECAY.replace(tspan=(0, 1, 2)), "TypeError", "tspan is a pair"),
    "a number by replace": Case(lambda: DECAY.replace(tspan=1.0), "TypeError", "tspan is a pair"),
}  # fmt: skip

OPTIONS = {
    "negative rtol": Case(solving(rtol=-1e-3), "ValueError", "rtol = -0.001; tolerances are .*not negative, typical are"),
    "negative atol": Case(solving(atol=-1.0), "ValueError", "atol = -1.0; tolerances are .*not negative"),
    "NaN rtol": Case(solving(rtol=np.nan), "ValueError", "rtol = nan"),
    "infinite rtol": Case(solving(rtol=np.inf), "ValueError", "rtol = inf; tolerances are finite"),
    "rtol a word": Case(solving(rtol="x"), "TypeError", "rtol = 'x'; give a number such as 1e-6"),
    "rtol None": Case(solving(rtol=None), "TypeError", "rtol = None; give a number"),
    "atol a dict": Case(solving(atol={"a": 1e-6}), "TypeError", "atol = .*; give a number"),
    "rtol complex": Case(solving(rtol=1e-3 + 0j), "TypeError", "rtol = .*; give a number"),
    "both zero": Case(solving(rtol=0, atol=0), "ValueError", "both zero; at least one must be positive"),
    "atol of another shape": Case(solving(atol=np.ones(3)), "ValueError", r"atol has shape \(3,\); give one number, or one per component"),
    "atol a longer list": Case(solving(atol=[1e-6] * 3), "ValueError", r"atol has shape \(3,\)"),
    "max_steps zero": Case(solving(max_steps=0), "ValueError", "max_steps = 0; give a whole number of at least 1"),
    "max_steps a float": Case(solving(max_steps=1e5), "ValueError", "max_steps = 100000.0; give a whole number"),
    "max_steps None": Case(solving(max_steps=None), "ValueError", "max_steps = None; give a whole number"),
    "max_steps without end": Case(solving(max_steps=10**10), "ValueError", "max_steps = 10000000000; give a whole number"),
    "dt0 negative": Case(solving(dt0=-0.1), "ValueError", "dt0 = -0.1; the first step size is positive, also when"),
    "dt0 zero": Case(solving(dt0=0.0), "ValueError", "dt0 = 0.0; the first step size is positive"),
    "dt0 NaN": Case(solving(dt0=np.nan), "ValueError", "dt0 = nan"),
    "dt0 a word": Case(solving(dt0="x"), "TypeError", "dt0 = 'x'; give the first step size as a number"),
    "dt0 a vector": Case(solving(dt0=TWO), "TypeError", "dt0 = .*; give the first step size as a number"),
    "an adjoint by name": Case(solving(adjoint="discrete"), "TypeError", r"'discrete' is no adjoint.*DiscreteAdjoint"),
    "an adjoint not called": Case(solving(adjoint=ude.DiscreteAdjoint), "TypeError", r"write ude.DiscreteAdjoint\(\)"),
    "a method not called": Case(solving(method=ude.Tsit5), "TypeError", r"is not a method; write ude.Tsit5\(\)"),
    "a method by name": Case(solving(method="Tsit5"), "TypeError", "method = 'Tsit5' is not a method.*Tsit5"),
    "a tableau as method": Case(solving(method=ude.Tsit5().tableau), "TypeError", "is not a method"),
    "a controller not made": Case(solving(controller=ude.PI), "TypeError", r"controller.*ude.PI\(\)"),
    "a controller by name": Case(solving(controller="PI"), "TypeError", "controller = 'PI'.*ude.PI"),
    "a number as controller": Case(solving(controller=0), "TypeError", "controller = 0"),
    "a keyword nobody knows": Case(solving(tol=1e-3), "TypeError", "tol"),
}  # fmt: skip

SAVE_TIMES = {
    "unsorted": Case(solving(saveat=np.array([0.5, 0.2])), "ValueError", "not sorted: 0.5 is followed by 0.2; give increasing"),
    "rising backwards in time": Case(solving(tspan=(1.0, 0.0), saveat=np.array([0.2, 0.5])), "ValueError", "not sorted.*decreasing"),
    "after the end": Case(solving(saveat=np.array([0.5, 1.2])), "ValueError", r"0.5 to 1.2, outside tspan = \(0.0, 1.0\)"),
    "before the start": Case(solving(saveat=np.array([-0.5, 1.0])), "ValueError", "outside tspan"),
    "empty": Case(solving(saveat=np.zeros(0)), "ValueError", "at least one time, None, or a ude.Save"),
    "NaN": Case(solving(saveat=np.array([0.5, np.nan])), "ValueError", "saveat holds NaN or infinity"),
    "a number": Case(solving(saveat=1.0), "TypeError", "saveat = 1.0; give a vector of times, None for every step"),
    "a matrix": Case(solving(saveat=np.ones((2, 2))), "ValueError", r"saveat has shape \(2, 2\); give a vector"),
    "a word": Case(solving(saveat="end"), "TypeError", "saveat = 'end'; give a vector of times"),
    "complex": Case(solving(saveat=np.array([0.5 + 0j])), "TypeError", "saveat = .*; give a vector of times"),
    "the class": Case(solving(saveat=ude.Save), "TypeError", r"the class Save; write ude.Save\("),
    "unsorted in a Save": Case(solving(saveat=ude.Save(ts=np.array([0.5, 0.2]))), "ValueError", "not sorted"),
    "unsorted while args are traced": Case(
        lambda: jax.jit(lambda k: solving(args=k, saveat=np.array([0.5, 0.2]))().ys)(1.0), "ValueError", "not sorted"
    ),
}  # fmt: skip

NOUNS = {
    "Save of times and the end": Case(lambda: ude.Save(ts=TWO, end=True), "ValueError", "both ts and end=True; give times, or"),
    "Save without room": Case(lambda: ude.Save(capacity=1), "ValueError", "capacity is a whole number of at least 2"),
    "Save of half a row": Case(lambda: ude.Save(capacity=10.5), "ValueError", "capacity=10.5"),
    "PI with limits reversed": Case(lambda: ude.PI(smallest=2.0), "ValueError", "needs 0 < smallest < 1 < largest"),
    "PI without gains": Case(lambda: ude.PI(integral=0.0, proportional=0.0), "ValueError", "gains"),
    "an event of no direction": Case(lambda: ude.Event(decay, direction=2), "ValueError", r"give -1 \(falling\), 0 \(both\)"),
    "an event that is many numbers": Case(
        lambda: ude.solve(ude.ODE(decay, TWO, (0, 1), 0.5, events=ude.Event(lambda t, y, k: y))),
        "TypeError", r"Event.when returned an array of shape \(2,\); it must return one number",
    ),
    "a function as event": Case(lambda: ude.ODE(decay, TWO, (0, 1), events=[decay]), "TypeError", "events holds.*write ude.Event"),
    "a number as right-hand side": Case(lambda: ude.ODE(3, 1.0, (0, 1)), "TypeError", r"given 3 as.*give a function f\(t, y, args\)"),
    "a number as right-hand side by replace": Case(lambda: DECAY.replace(f=3), "TypeError", "given 3 as right-hand side"),
    "an unknown slot": Case(lambda: DECAY.replace(foo=1), "TypeError", "no slot foo; its slots are: f, y0, tspan"),
    "unknown slots of at": Case(lambda: DECAY.at(y=1, z=2), "TypeError", "no slot y, z"),
    "a function instead of a problem": Case(lambda: ude.solve(decay), "TypeError", "solve was given function; build a problem"),
    "args that cannot be compared": Case(solving(args={1, 2}), "TypeError", "cannot be hashed.*args may hold arrays, numbers"),
    "a method that does not fit": Case(
        lambda: ude.solve(DECAY.replace(noise=object()), ude.Tsit5()),
        "ValueError", r"Tsit5 does not fit this problem: the problem has \['f', 'noise'\].*Methods that fit",
    ),
}  # fmt: skip

LIMITS = {
    "hmin above hmax": Case(lambda: ude.PI(hmin=1.0, hmax=0.5), "ValueError", "no step size is left; needs hmin <= hmax"),
    "a negative hmin": Case(lambda: ude.I(hmin=-1.0), "ValueError", r"I\(hmin=-1.0\): the least step size is a finite number"),
    "an infinite hmin": Case(lambda: ude.I(hmin=np.inf), "ValueError", "finite number that is not negative"),
    "hmax zero": Case(lambda: ude.PID(hmax=0.0), "ValueError", "the largest step size is a positive number, or a function"),
    "hmax NaN": Case(lambda: ude.PID(hmax=np.nan), "ValueError", "hmax=nan"),
    "hmax an array": Case(lambda: ude.PI(hmax=TWO), "ValueError", r"an array or a traced number goes through such a function"),
    "factors that never shrink": Case(lambda: ude.I(smallest=1.0), "ValueError", r"I\(smallest=1.0.*needs 0 < smallest < 1 < largest"),
    "factors that never grow": Case(lambda: ude.Predictive(largest=1.0), "ValueError", r"Predictive\(.*needs 0 < smallest < 1"),
    "a negative gain": Case(lambda: ude.I(integral=-1.0), "ValueError", "gains are not negative"),
    "a PID that does not shrink": Case(lambda: ude.PID((0.1, -0.2, 0.0)), "ValueError", "must have a positive sum"),
    "a PID of two gains": Case(lambda: ude.PID((0.1, 0.2)), "ValueError", "give a tuple of 3 numbers"),
    "a filter nobody knows": Case(lambda: ude.PID.named("H9"), "ValueError", "no filter has this name; there are H211b"),
    "a floor above 1": Case(lambda: ude.Predictive(floor=2.0), "ValueError", "lies between 0 and 1"),
    "Fixed without a size": Case(solving(controller=ude.Fixed()), "ValueError", r"write solve\(..., dt0=0.01, controller=ude.Fixed"),
    "a number as norm": Case(lambda: ude.PI(norm=2), "TypeError", "write a function of the scaled errors"),
    "a norm that is many numbers": Case(
        solving(controller=ude.PI(norm=lambda e: e)), "TypeError", r"norm of the controller returned an array of shape \(2,\)"
    ),
    "a largest step that is many numbers": Case(
        solving(controller=ude.PI(hmax=lambda t, y, k: y)), "TypeError", "hmax of the controller returned.*one real number"
    ),
    "a domain that is no function": Case(lambda: DECAY.replace(inside=True), "TypeError", r"inside = True; give a function \(t, y, args\)"),
    "a domain that is many truths": Case(
        lambda: ude.solve(DECAY.replace(inside=lambda t, y, k: y > 0)), "TypeError", r"one truth value, for example jnp.all\(y > 0\)"
    ),
    "a domain that is a number": Case(
        lambda: ude.solve(DECAY.replace(inside=lambda t, y, k: y[0])), "TypeError", "type float.*; it must return one truth value"
    ),
    "tolerances of another tree": Case(
        lambda: ude.solve(DECAY.replace(y0={"a": TWO}), atol={"b": 1e-6}), "TypeError", "or numbers arranged like y0"
    ),
}  # fmt: skip

STOPS = {
    "after the end": Case(lambda: ude.solve(DECAY.replace(stops=[0.5, 1.5])), "ValueError", r"stops holds 1.5, outside tspan = \(0.0, 1.0\)"),
    "before the start": Case(
        lambda: ude.solve(DECAY.replace(discontinuities=[-0.5])), "ValueError", "discontinuities holds -0.5, outside tspan"
    ),
    "NaN": Case(lambda: ude.solve(DECAY.replace(stops=[np.nan])), "ValueError", "stops holds nan"),
    "a number": Case(lambda: ude.solve(DECAY.replace(stops=0.5)), "TypeError", r"stops = 0.5; give a vector of times, such as"),
    "a matrix": Case(lambda: ude.solve(DECAY.replace(stops=np.ones((1, 1)))), "ValueError", r"stops has shape \(1, 1\)"),
    "none": Case(lambda: ude.solve(DECAY.replace(stops=np.zeros(0))), "ValueError", "at least one time, or None"),
    "an empty list": Case(lambda: ude.solve(DECAY.replace(stops=[])), "TypeError", r"stops = \[\]; give a vector of times"),
    "a word": Case(lambda: ude.solve(DECAY.replace(discontinuities="on")), "TypeError", "discontinuities = 'on'; give a vector"),
}  # fmt: skip

TREE = {"a": 1.0, "b": 1.0}


def keeping(y0: Any = TWO, **save: Any) -> Callable:
    """A call of ``solve`` with a ``Save`` made then."""
    return lambda: ude.solve(ude.ODE(decay, y0, (0.0, 1.0), 0.5), saveat=ude.Save(**save))


def growing(t: Any, y: Any, args: Any) -> Any:
    """A result that is longer at every call."""
    Calls.number += 1
    return jnp.zeros(Calls.number)


SAVES = {
    "every no step": Case(keeping(every=0), "ValueError", "every=0.*whole number of at least 1; every=10 keeps each tenth"),
    "every half step": Case(keeping(every=2.5), "ValueError", r"Save\(every=2.5\): a whole number"),
    "every True": Case(keeping(every=True), "ValueError", "every=True"),
    "every of times": Case(keeping(every=2, ts=TWO), "ValueError", "both every=2 and ts; every counts steps: leave one"),
    "every and the end": Case(keeping(every=2, end=True), "ValueError", "both every=2 and end=True"),
    "a number as function": Case(keeping(of=3), "TypeError", r"of=3.*give a function of \(t, y, args\)"),
    "function and components": Case(keeping(of=decay, only=0), "ValueError", "both of and only; select in the function"),
    "text saved": Case(keeping(of=lambda t, y, k: {"a": "x"}), "TypeError", "returned 'x' \\(str\\); it must return numbers or arrays"),
    "nothing saved": Case(keeping(of=lambda t, y, k: None), "TypeError", "returned None, which holds nothing to save; return an array"),
    "a shape that depends on numbers": Case(keeping(of=lambda t, y, k: y[y > 0]), "TypeError", r"cannot be compiled.*fixed shape, jnp.where"),
    "a branch on numbers": Case(keeping(of=lambda t, y, k: y if t > 0 else y), "TypeError", "its course depends on the numbers"),
    "a number taken out of its array": Case(keeping(of=lambda t, y, k: float(y[0])), "TypeError", "cannot be compiled"),
    "a shape that changes": Case(keeping(of=growing), "TypeError", r"returned shape \(1,\).* evaluated again shape \(2,\).*must stay"),
    "a component too far": Case(keeping(only=[0, 2]), "IndexError", "asks for component 2; the state has 2, numbered from 0"),
    "an empty slice": Case(keeping(only=slice(5, 9)), "ValueError", "selects nothing from 2 components"),
    "no components": Case(keeping(only=[]), "TypeError", "give an index, a slice or a vector of indices"),
    "a mask": Case(keeping(only=[True, False]), "TypeError", r"of a mask: np.flatnonzero\(mask\)"),
    "half a component": Case(keeping(only=0.5), "TypeError", r"only=0.5\): give an index"),
    "a name in a vector": Case(keeping(only="a"), "TypeError", r"selects from a dict; the state is an array of shape \(2,\)"),
    "an index in a dict": Case(keeping(TREE, only=0), "TypeError", "first axis of an array; the state is a dict"),
    "a name that is not there": Case(keeping(TREE, only=("a", "c")), "KeyError", "asks for 'c'; the state has 'a', 'b'"),
    "the fourth derivative": Case(lambda: ude.solve(DECAY)(0.5, derivative=4), "ValueError", r"derivative=4\).* 0 \(the state\), 1, 2 or 3"),
}  # fmt: skip

GROUPS = {
    "right-hand side": RIGHT_HAND_SIDES, "start": STARTS, "span": SPANS, "option": OPTIONS, "saveat": SAVE_TIMES, "noun": NOUNS,
    "limit": LIMITS, "stop": STOPS, "save": SAVES,
}  # fmt: skip
CASES = {f"{group}: {name}": case for group, cases in GROUPS.items() for name, case in cases.items()}


def raised(call: Callable) -> tuple[str, str]:
    """Class and sentence of what ``call`` raises."""
    try:
        call()
    except Exception as error:
        return type(error).__name__, str(error)
    return "nothing", "nothing was raised"


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("error")
    # The right-hand sides above are one function of many values, compiled again and again on purpose.
    warnings.filterwarnings("ignore", message=".*compiled anew")
    print(json.dumps({name: raised(case.call) for name, case in CASES.items()}))
