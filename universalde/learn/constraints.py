"""Which leaves of a parameter pytree are trained, and how constrained leaves are seen by the optimiser.

An optimiser moves one flat vector ``z`` without constraints.  :class:`Space` maps it to the user's pytree: frozen
leaves are left out and returned as they are, positive leaves are ``exp(z)`` or ``log(1 + exp(z))``, bounded leaves are
``low + (high - low) sigmoid(z)``.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

__all__ = ["Between", "Positive", "Space"]


class Positive(eqx.Module):
    r"""A leaf that stays above zero.

    ``kind="exp"``: :math:`x = e^z`, steps of the optimiser are relative, right for rates of unknown size.
    ``kind="softplus"``: :math:`x = \log(1 + e^z)`, steps are absolute once ``x`` is well above one.

    >>> float(Positive().value(Positive().free(2.0)))
    2.0
    """

    kind: str = eqx.field(static=True, default="exp")

    def __check_init__(self) -> None:
        if self.kind not in ("exp", "softplus"):
            raise ValueError(f"Positive(kind={self.kind!r}): the kinds are 'exp' and 'softplus'.")

    def violation(self, x: np.ndarray) -> str | None:
        """What is wrong with a starting value, or None."""
        return None if np.all(x > 0) else f"must start above zero, but its smallest starting value is {np.min(x):g}"

    def free(self, x: ArrayLike) -> Array:
        """The unconstrained value whose :meth:`value` is ``x``."""
        x = jnp.asarray(x)
        return jnp.log(x) if self.kind == "exp" else x + jnp.log(-jnp.expm1(-x))

    def value(self, z: ArrayLike) -> Array:
        """The positive value that belongs to the unconstrained ``z``."""
        z = jnp.asarray(z)
        return jnp.exp(z) if self.kind == "exp" else jnp.logaddexp(z, jnp.zeros_like(z))


class Between(eqx.Module):
    r"""A leaf that stays strictly between two numbers (or arrays of its shape): :math:`x = l + (h - l)/(1 + e^{-z})`.

    >>> fraction = Between(0.0, 1.0)
    >>> float(fraction.value(fraction.free(0.5)))
    0.5
    """

    low: ArrayLike
    high: ArrayLike

    def __check_init__(self) -> None:
        low, high = np.asarray(self.low, float), np.asarray(self.high, float)
        if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high)) and np.all(low < high)):
            raise ValueError(
                f"Between({self.low}, {self.high}): the ends must be finite and low < high; "
                "for a bound on one side only use positive=."
            )

    def violation(self, x: np.ndarray) -> str | None:
        """What is wrong with a starting value, or None."""
        if np.all((x > np.asarray(self.low)) & (x < np.asarray(self.high))):
            return None
        return (
            f"must start strictly between {self.low} and {self.high}, "
            f"but its starting values reach from {np.min(x):g} to {np.max(x):g}"
        )

    def free(self, x: ArrayLike) -> Array:
        """The unconstrained value whose :meth:`value` is ``x``."""
        x = jnp.asarray(x)
        low, high = jnp.asarray(self.low, x.dtype), jnp.asarray(self.high, x.dtype)
        return jnp.log(x - low) - jnp.log(high - x)

    def value(self, z: ArrayLike) -> Array:
        """The value between the bounds that belongs to the unconstrained ``z``."""
        z = jnp.asarray(z)
        low, high = jnp.asarray(self.low, z.dtype), jnp.asarray(self.high, z.dtype)
        return low + (high - low) * jax.nn.sigmoid(z)


Selection = Callable[[Any], Any] | Sequence[Callable[[Any], Any]] | Any


class _Slot:
    """Stands for one leaf while a selecting function is called."""

    def __init__(self, index: int):
        self.index = index


def select(params: Any, where: Selection, name: str) -> tuple[int, ...]:
    """Indices of the leaves of ``params`` that ``where`` picks: a function, a list of functions, or a tree of bools."""
    if where is None:
        return ()
    leaves, structure = jax.tree.flatten(params)
    functions = list(where) if isinstance(where, list | tuple) and all(map(callable, where)) else [where]
    if not all(map(callable, functions)) or jax.tree.structure(where) == structure:
        return _masked(params, where, name)
    slots = structure.unflatten([_Slot(index) for index in range(len(leaves))])
    picked: list[int] = []
    for function in functions:
        try:
            found = jax.tree.leaves(function(slots))
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            raise ValueError(
                f"{name}= was given a function that fails on the parameters ({error}); "
                f"it must return whole leaves or sub-trees, as in {name}=lambda p: p['rate']. {_listing(params)}"
            ) from error
        if not found or not all(isinstance(leaf, _Slot) for leaf in found):
            raise ValueError(
                f"{name}= was given a function that picks no parameter; it must return leaves or sub-trees of the "
                f"parameters, as in {name}=lambda p: p['rate']. {_listing(params)}"
            )
        picked += [leaf.index for leaf in found]
    return tuple(sorted(set(picked)))


def _masked(params: Any, mask: Any, name: str) -> tuple[int, ...]:
    """Indices where a tree of bools, whole or a prefix of the parameters, is true."""
    if not all(isinstance(leaf, bool | np.bool_) for leaf in jax.tree.leaves(mask)):
        raise ValueError(
            f"{name}= takes a function that picks leaves, a list of such functions, or a tree of True and False "
            f"shaped like the parameters; it was given {type(mask).__name__}. {_listing(params)}"
        )
    try:
        full = jax.tree.map(lambda flag, part: jax.tree.map(lambda _: bool(flag), part), mask, params)
    except ValueError as error:
        raise ValueError(f"{name}= is a tree that does not fit the parameters ({error}). {_listing(params)}") from error
    return tuple(index for index, flag in enumerate(jax.tree.leaves(full)) if flag)


def leaf_names(params: Any) -> list[str]:
    """A readable name of each leaf, such as ``.net.layers[0].weight`` or ``['rate']``."""
    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(params)[0]]
    return [jax.tree_util.keystr(path) or "(the parameters)" for path in paths]


def _listing(params: Any) -> str:
    names = leaf_names(params)
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return f"The leaves are: {shown}."


def as_trainable(params: Any) -> Any:
    """Python numbers in dicts, lists and tuples become arrays; the fields of modules are left as they are."""

    def convert(leaf: Any) -> Any:
        return jnp.asarray(leaf) if isinstance(leaf, float | complex) else leaf

    return jax.tree.map(convert, params, is_leaf=lambda node: isinstance(node, eqx.Module))


class _Place(eqx.Module):
    """Where one trained leaf sits: its index among the leaves, its shape, its dtype, its stretch of the vector."""

    index: int = eqx.field(static=True)
    shape: tuple[int, ...] = eqx.field(static=True)
    dtype: str = eqx.field(static=True)
    start: int = eqx.field(static=True)
    transform: Positive | Between | None = None

    @property
    def is_complex(self) -> bool:
        return np.dtype(self.dtype).kind == "c"

    @property
    def stop(self) -> int:
        return self.start + math.prod(self.shape) * (2 if self.is_complex else 1)

    def read(self, vector: Any) -> Any:
        """The leaf as the optimiser sees it, without its constraint, from a vector of NumPy or JAX."""
        flat = vector[self.start : self.stop]
        if self.is_complex:
            half = flat.shape[0] // 2
            flat = flat[:half] + 1j * flat[half:]
        return flat.reshape(self.shape).astype(self.dtype)

    def pieces(self, leaf: Any) -> list:
        """The stretch of the vector that :meth:`read` turns into ``leaf``, in pieces."""
        return [leaf.real.ravel(), leaf.imag.ravel()] if self.is_complex else [leaf.ravel()]


class Space(eqx.Module):
    """The trained part of a parameter pytree as one unconstrained vector, and the way back."""

    others: list
    places: tuple[_Place, ...]
    structure: Any = eqx.field(static=True)
    dtype: str = eqx.field(static=True)

    @classmethod
    def of(cls, params: Any, frozen: Selection = None, positive: Selection = None, bounds: Any = ()) -> "Space":
        """Sort the leaves into trained and kept ones and check the starting values.

        Raises ``ValueError`` when nothing is left to train, when a selection picks no leaf or a leaf that cannot be
        trained, when two constraints meet in one leaf, and when a starting value violates its constraint.
        """
        leaves, structure = jax.tree.flatten(params)
        names = leaf_names(params)
        kept = set(select(params, frozen, "frozen"))
        trained = [i for i, leaf in enumerate(leaves) if eqx.is_inexact_array(leaf) and i not in kept]
        if not trained:
            advice = "all are frozen" if kept else "write jnp.array(1.0) for a number inside a module"
            raise ValueError(
                "There is nothing to train: no floating-point array is left among the parameters "
                f"({advice}). {_listing(params)}"
            )
        transforms = _transforms(params, positive, bounds)
        for index, transform in transforms.items():
            _check_constraint(names[index], leaves[index], index in trained, index in kept, transform)
        places, start = [], 0
        for index in trained:
            leaf = leaves[index]
            places.append(_Place(index, tuple(leaf.shape), str(leaf.dtype), start, transforms.get(index)))
            start = places[-1].stop
        real = [np.zeros(0, leaves[index].dtype).real.dtype for index in trained]
        others = [None if index in set(trained) else leaf for index, leaf in enumerate(leaves)]
        return cls(others, tuple(places), structure, str(jnp.result_type(jnp.float32, *real)))

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.places[-1].stop

    def vector(self, params: Any) -> np.ndarray:
        """The vector that stands for these parameters, made on the host."""
        leaves, pieces = jax.tree.leaves(params), []
        for place in self.places:
            leaf = leaves[place.index]
            pieces += place.pieces(np.asarray(leaf if place.transform is None else place.transform.free(leaf)))
        return np.concatenate([piece.astype(self.dtype) for piece in pieces])

    def free_leaves(self, vector: Any) -> list:
        """The trained leaves as the optimiser sees them: shaped, but without their constraints."""
        return [place.read(vector) for place in self.places]

    def flat(self, leaves: Sequence[Array]) -> Array:
        """Inverse of :meth:`free_leaves`, inside a program."""
        pieces = [piece for place, leaf in zip(self.places, leaves, strict=True) for piece in place.pieces(leaf)]
        return jnp.concatenate([piece.astype(self.dtype) for piece in pieces])

    def params(self, vector: Any) -> Any:
        """The parameters that belong to a vector; leaves that are not trained are the original objects."""
        leaves = list(self.others)
        for place in self.places:
            leaf = jnp.asarray(place.read(vector))
            leaves[place.index] = leaf if place.transform is None else place.transform.value(leaf).astype(place.dtype)
        return self.structure.unflatten(leaves)


def _transforms(params: Any, positive: Any, bounds: Any) -> dict[int, Positive | Between]:
    """The constraint of each constrained leaf."""
    kind, where = Positive(), positive
    if isinstance(positive, tuple) and len(positive) == 2 and isinstance(positive[1], Positive):
        where, kind = positive
    found: dict[int, Positive | Between] = dict.fromkeys(select(params, where, "positive"), kind)
    for pair in [bounds] if _is_pair(bounds) else bounds or ():
        if not _is_pair(pair):
            raise ValueError(
                "bounds= takes pairs of a selection and its limits, as in "
                f"bounds=[(lambda p: p['share'], Between(0, 1))]; it was given {pair!r}."
            )
        for index in select(params, pair[0], "bounds"):
            if index in found:
                raise ValueError(f"The parameter {leaf_names(params)[index]} has two constraints; give it one.")
            found[index] = pair[1]
    return found


def _is_pair(bounds: Any) -> bool:
    return isinstance(bounds, tuple) and len(bounds) == 2 and isinstance(bounds[1], Between)


def _check_constraint(name: str, leaf: Any, trained: bool, frozen: bool, transform: Positive | Between) -> None:
    if not trained:
        reason = "frozen" if frozen else f"a {type(leaf).__name__}, not a floating-point array"
        raise ValueError(f"The parameter {name} has a constraint, but it is {reason}; drop one of the two.")
    if np.dtype(leaf.dtype).kind == "c":
        raise ValueError(f"The parameter {name} is complex and cannot be constrained; train its parts instead.")
    problem = transform.violation(np.asarray(leaf))
    if problem:
        raise ValueError(f"The parameter {name} {problem}; choose another start or drop the constraint.")
