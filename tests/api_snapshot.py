"""The public interface as text: one line for each public name, with parameters and defaults."""

import enum
import functools
import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path

SNAPSHOT = Path(__file__).parent / "data" / "api.txt"


def describe(module: types.ModuleType) -> list[str]:
    """Lines for every name in `module.__all__`; a public sub-module of the same package is described in its place."""
    lines: list[str] = []
    for name in sorted(module.__all__):
        value = getattr(module, name)
        full = f"{module.__name__}.{name}"
        if inspect.ismodule(value):
            own = value.__name__.startswith(f"{module.__name__}.") and hasattr(value, "__all__")
            lines += describe(value) if own else [f"{full}: module"]
        else:
            lines += describe_value(full, value, module.__name__.split(".")[0])
    return lines


def describe_value(full: str, value: object, package: str) -> list[str]:
    """A function as one line, a class as its constructor and its public methods, anything else as its type."""
    if inspect.isclass(value):
        return [f"{full}{_signature(value)}", *_members(full, value, package)]
    if callable(value):
        return [f"{full}{_signature(value)}"]
    return [f"{full}: {type(value).__name__}"]


def _members(full: str, cls: type, package: str) -> Iterator[str]:
    if issubclass(cls, enum.Enum):
        yield from (f"{full}.{member.name}" for member in cls)
    seen: set[str] = set()
    for owner in cls.__mro__:
        if not owner.__module__.startswith(package):
            continue
        for name, value in sorted(vars(owner).items()):
            if name in seen or (name.startswith("_") and name != "__call__"):
                continue
            seen.add(name)
            function = getattr(value, "__func__", value)
            if isinstance(value, property | functools.cached_property):
                yield f"{full}.{name}: property"
            elif callable(function) and not inspect.isclass(function):
                yield f"{full}.{name}{_signature(function)}"


def _signature(value: object) -> str:
    """Parameter names, kinds and defaults; annotations are left out because checkers rewrite them."""
    try:
        signature = inspect.signature(value)  # pyright: ignore[reportArgumentType]
    except ValueError:
        return "(...)"
    parameters = signature.parameters.values()
    bare = [p.replace(annotation=inspect.Parameter.empty, default=_Shown.of(p.default)) for p in parameters]
    return str(inspect.Signature(bare))


class _Shown:
    """A default that prints the same in every process: functions by name, everything on one line."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text

    @classmethod
    def of(cls, default: object) -> object:
        if default is inspect.Parameter.empty:
            return default
        named = inspect.isroutine(default) or inspect.isclass(default)
        text = getattr(default, "__qualname__", "") if named else repr(default)
        return cls(re.sub(r" at 0x[0-9a-f]+", "", " ".join(text.split())))
