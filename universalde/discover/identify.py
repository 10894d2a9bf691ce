"""What the data cannot tell apart: groups of collinear candidates and equally good exchanges."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from universalde.discover.select import Candidate


class Group(NamedTuple):
    """Candidates that are multiples of one another on these data. `members` starts with the simplest, the one kept."""

    members: tuple[int, ...]
    distances: tuple[float, ...]  # relative difference to the kept one after the best scaling


def group_columns(
    theta: Float[np.ndarray, "m p"], complexities: Sequence[int], tolerance: float
) -> tuple[list[Group], list[int]]:
    r"""Groups of columns with $\min_a\|a\,\theta_j-\theta_k\|\le$ `tolerance` $\|\theta_k\|$, and zero columns.

    The simplest column of each group (fewest operations, then first in the library) comes first and represents it, so
    that the regression never has to share one value among columns that are the same on the data.
    """
    lengths = np.linalg.norm(theta, axis=0)
    usable = [j for j in range(theta.shape[1]) if lengths[j] > 0]
    unit = theta / np.where(lengths > 0, lengths, 1.0)
    groups: list[list[tuple[int, float]]] = []
    for j in sorted(usable, key=lambda column: (complexities[column], column)):
        for group in groups:
            kept = unit[:, group[0][0]]
            distance = float(np.linalg.norm(unit[:, j] - kept * (kept @ unit[:, j])))
            if distance <= tolerance:
                group.append((j, distance))
                break
        else:
            groups.append([(j, 0.0)])
    made = [Group(tuple(j for j, _ in group), tuple(d for _, d in group)) for group in groups]
    return sorted(made, key=lambda group: group.members[0]), [j for j in range(theta.shape[1]) if lengths[j] == 0]


def prefer_simple(
    candidates: Sequence[Candidate], complexities: Sequence[int], margin: float | int
) -> tuple[Candidate, ...]:
    """Put the simplest of the candidates whose score is within `margin` of the best in front.

    Simple means fewer terms, then fewer operations.
    """
    best = candidates[0].score
    close = [c for c in candidates if c.score <= best + margin]
    chosen = min(close, key=lambda c: (c.size, sum(complexities[j] for j in c.support), c.score))
    return (chosen, *(c for c in candidates if c is not chosen))


def exchange_notes(
    output: str, candidates: Sequence[Candidate], labels: Sequence[str], accuracy: float | int, shown: int = 4
) -> list[str]:
    """Sentences about supports of the same size that explain the targets equally well within their accuracy."""
    chosen = candidates[0]
    allowed = chosen.error**2 + accuracy**2
    rivals = sorted((c for c in candidates[1:] if c.size == chosen.size), key=lambda c: c.error)
    rivals = [c for c in rivals if c.error**2 <= allowed]
    if not chosen.size or not rivals:
        return []
    texts = [" + ".join(labels[j] for j in c.support) for c in rivals]
    more = f" and {len(texts) - shown} more" if len(texts) > shown else ""
    return [
        f"{output}: within the accuracy of {accuracy:g} these values do not separate "
        f"{' + '.join(labels[j] for j in chosen.support)} from {'; '.join(texts[:shown])}{more}."
    ]


def group_notes(
    groups: Sequence[Group], used: set[int], labels: Sequence[str], theta: Float[np.ndarray, "m p"]
) -> list[str]:
    """Sentences about groups whose representative is in the answer."""
    notes = []
    for group in groups:
        if len(group.members) == 1 or group.members[0] not in used:
            continue
        columns = theta[:, list(group.members)]
        singular = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), compute_uv=False)
        condition = f"{singular[0] / singular[-1]:.0e}" if singular[-1] > 0 else "infinite"
        names = [labels[j] for j in group.members]
        notes.append(
            f"The columns {', '.join(names)} are collinear on these data (condition {condition}, relative "
            f"difference at most {max(group.distances):.0e}): the data do not determine how they share the value. "
            f"{names[0]} is used because it is the simplest."
        )
    return notes
