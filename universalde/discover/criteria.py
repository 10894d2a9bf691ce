"""Information criteria: how much misfit one more term must save."""

import math

CRITERIA = ("aic", "aicc", "bic", "ebic")


def information_criterion(
    criterion: str,
    mean_square: float | int,
    samples: float | int,
    terms: int,
    offered: int,
    known_noise: bool = False,
    others: int = 0,
) -> float:
    r"""$-2\log L+$ penalty for a least-squares fit of `terms` chosen out of `offered`, smaller is better.

    With unknown noise $-2\log L=n\log(\mathrm{SSE}/n)$ up to a constant; with `known_noise` the residuals are already
    divided by their standard deviation and $-2\log L=\mathrm{SSE}$. `mean_square` is SSE/n, `samples` is n, `others`
    counts fitted numbers outside the library (rates, starts). Penalties with $k$ = terms + others:

    - `aic`: $2k$ (Akaike 1974); `aicc`: plus $2k(k+1)/(n-k-1)$ (Hurvich, Tsai 1989; infinite when n is too small);
    - `bic`: $k\log n$ (Schwarz 1978);
    - `ebic`: $k\log n+2\log\binom{p}{\text{terms}}$ (Chen, Chen, Biometrika 95, 2008, with gamma = 1), which also
      pays for the number of supports that were tried. It is the one to use when the library is large.

    Raises `ValueError` for an unknown criterion.

    `information_criterion("bic", 1.0, 100, 2, 20) == 2 * math.log(100)`
    """
    check_criterion(criterion)
    if not math.isfinite(mean_square):
        return math.inf
    fit = samples * (mean_square if known_noise else math.log(max(mean_square, 1e-300)))
    free = terms + others
    if criterion == "aic":
        return fit + 2 * free
    if criterion == "aicc":
        counted = free + (0 if known_noise else 1)  # the noise level is estimated too
        room = samples - counted - 1
        return fit + 2 * free + 2 * counted * (counted + 1) / room if room > 0 else math.inf
    penalty = free * math.log(samples)
    return fit + penalty + (2 * log_choose(offered, terms) if criterion == "ebic" else 0.0)


def log_choose(offered: int, terms: int) -> float:
    """Logarithm of the number of ways to choose `terms` of `offered`."""
    return math.lgamma(offered + 1) - math.lgamma(terms + 1) - math.lgamma(offered - terms + 1)


def check_criterion(criterion: str) -> None:
    """A `ValueError` for anything but the known criteria."""
    if criterion not in CRITERIA:
        raise ValueError(f"The criterion {criterion!r} is not known. Accepted are {', '.join(CRITERIA)}.")
