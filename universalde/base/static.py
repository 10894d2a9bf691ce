"""Descriptions that are part of a compiled program."""

import abc
from dataclasses import dataclass, fields
from typing import Any, dataclass_transform

import jax

__all__ = ["Static", "record"]


@dataclass_transform(frozen_default=True)
class Static(abc.ABC):  # noqa: B024 - subclasses have the abstract methods
    """Base of what a program is compiled for, such as a method: every subclass is a frozen dataclass without leaves.

    Two with equal fields are equal and share a compilation, so fields must be hashable.  (Attributes of an equinox module
    cost half a microsecond each, which thirty of them at every call make felt.)
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True)(cls)
        jax.tree_util.register_static(cls)


@dataclass_transform(frozen_default=True)
def record(cls: type) -> type:
    """A frozen dataclass that is a pytree; fields with ``metadata={"static": True}`` are part of its structure.

    Rebuilding it from leaves runs no checks: JAX puts placeholders in places of arrays.
    """
    made = dataclass(frozen=True, eq=False)(cls)
    static = [f.name for f in fields(made) if f.metadata.get("static")]
    names = [f.name for f in fields(made) if f.name not in static]

    def flatten(value: Any) -> tuple:
        slots = vars(value)
        return [slots[name] for name in names], tuple(slots[name] for name in static)

    def flatten_with_keys(value: Any) -> tuple:
        leaves, constants = flatten(value)
        return [(jax.tree_util.GetAttrKey(name), x) for name, x in zip(names, leaves, strict=True)], constants

    def unflatten(constants: tuple, leaves: Any) -> Any:
        value = object.__new__(made)
        vars(value).update(zip(names, leaves, strict=True))
        vars(value).update(zip(static, constants, strict=True))
        return value

    jax.tree_util.register_pytree_with_keys(made, flatten_with_keys, unflatten, flatten)
    return made
