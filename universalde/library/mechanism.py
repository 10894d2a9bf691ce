"""Reactions written as text, and the rates of change that follow from them by mass action."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Reaction", "arrays", "read", "slopes"]


class Reaction(NamedTuple):
    """``rate`` is the text before the bar; ``reactants`` are indices of species, ``net`` what one event changes."""

    rate: str
    reactants: tuple[int, ...]
    net: dict[int, float]

    @property
    def kind(self) -> str:
        """``"constant"`` for numbers alone, the word behind numbers, ``"named"`` for a word alone."""
        *numbers, last = self.rate.split()
        return "constant" if last[0].isdigit() or last[0] == "-" else last if numbers else "named"

    @property
    def numbers(self) -> tuple[float, ...]:
        """The numbers of the rate."""
        words = self.rate.split()
        return tuple(float(word) for word in (words if self.kind == "constant" else words[:-1]))


def read(text: str, species: Sequence[str]) -> tuple[Reaction, ...]:
    """One reaction per line, ``rate | A + B -> C + 2 D``."""
    index = {name: k for k, name in enumerate(species)}

    def side(text: str) -> list[tuple[float, int]]:
        terms = [term.split() for term in text.split("+") if term.strip()]
        return [(float(term[0]) if len(term) > 1 else 1.0, index[term[-1]]) for term in terms]

    def reaction(line: str) -> Reaction:
        rate, _, change = line.partition("|")
        before, _, after = change.partition("->")
        net: dict[int, float] = {}
        for sign, terms in ((-1.0, side(before)), (1.0, side(after))):
            for count, k in terms:
                net[k] = net.get(k, 0.0) + sign * count
        return Reaction(rate.strip(), tuple(k for _, k in side(before)), {k: c for k, c in net.items() if c})

    return tuple(reaction(line) for line in text.strip().splitlines())


def arrays(reactions: Sequence[Reaction], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of two reactants each, (2, reactions), where n stands for none, and the net changes, (n, reactions).

    The rates of change are ``net @ (k * y[one] * y[other])`` with a one behind the n species.  Large mechanisms are written
    like this: as single numbers they take minutes to compile.
    """
    pairs, net = np.full((2, len(reactions)), n), np.zeros((n, len(reactions)))
    for column, reaction in enumerate(reactions):
        pairs[: len(reaction.reactants), column] = reaction.reactants
        for k, count in reaction.net.items():
            net[k, column] = count
    return pairs, net


def slopes(reactions: Sequence[Reaction], rate: Callable, y: Any) -> list:
    """``dy/dt``, one number per species: each reaction runs at ``rate(text)`` times the product of its reactants."""
    terms: list[list] = [[] for _ in range(len(y))]
    for reaction in reactions:
        speed = rate(reaction.rate)
        for k in reaction.reactants:
            speed = speed * y[k]
        for k, count in reaction.net.items():
            terms[k].append(speed if count == 1 else -speed if count == -1 else count * speed)
    return [sum(some[1:], some[0]) if some else 0 * y[k] for k, some in enumerate(terms)]
