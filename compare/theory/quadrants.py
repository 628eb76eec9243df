"""Which of wrong way and upside down a neuron with all four parameters can undo.

A start has the wrong w (it faces the wrong way), the wrong v (it is upside down), both or neither. The
gradient flow keeps v^2 - w^2 - b^2 and, for a ReLU, does this:

* v goes through 0 smoothly: nothing in the loss is singular there.
* w goes through 0 if b > 0 then, with every input active; otherwise the neuron dies.
* with both signs wrong, v phi(w x + b) + d is concave and rises, the target is convex: the
  best such function is a line, whose kink is at infinity. v w tends to E[x y] = 1/2, both
  signs stay wrong, b and d go to infinity like the root of a logarithm, and the loss to
  1/4 - 1 / (2 pi) = 0.0908 (`critical_points`: "minimum at infinity").

So a start that has one sign wrong may turn that one, or turn the other one as well and be
stuck with both; a start with both wrong hardly ever learns: only where its first, large
gradient turns one sign before it is on its way to the line.
"""

import numpy as np

from compare.surface import basins
from compare.theory.outcomes import OUTCOMES, word_for
from reference import Parameters

__all__ = ["QUADRANTS", "quadrant_shares"]

QUADRANTS = {"right way": (1, 1), "wrong way": (-1, 1), "upside down": (1, -1), "both": (-1, -1)}


def quadrant_shares(
    starts: int = 100, *, seed: int = 0, negative_slope: float = 0.0, until: float = 4000.0
) -> dict[str, dict[str, float]]:
    """Share of random starts of each orientation with each outcome, under the gradient flow.

    Parameters
    ----------
    starts : int
        Of each orientation; w, b, v, d are standard normal, with the signs of w and v as the
        orientation says.
    seed : int
    negative_slope : float
    until : float
        Time.

    Returns
    -------
    dict
        By orientation ("right way", "wrong way", "upside down", "both") and outcome, the first four of
        `compare.theory.outcomes.OUTCOMES`; "stuck" is at the minimum at infinity, a straight line.

    Raises
    ------
    ValueError
        If `starts` is not positive.

    Examples
    --------
    >>> shares = quadrant_shares(2, until=200.0)
    >>> sorted(shares) == sorted(QUADRANTS), sum(shares["both"].values())
    (True, 1.0)
    """
    if starts < 1:
        raise ValueError(f"quadrant_shares: starts must be positive, got {starts!r}")
    values = np.random.default_rng(seed).standard_normal((4, starts))
    shares = {}
    for name, (w_sign, v_sign) in QUADRANTS.items():
        w, b, v, d = values
        start = Parameters(w_sign * np.abs(w), b, v_sign * np.abs(v), d)
        found = basins(start, trainable=("w", "b", "v", "d"), negative_slope=negative_slope, until=until)
        reached = [word_for(found.points[i].kind if i >= 0 else "") for i in found.reached]
        shares[name] = {word: reached.count(word) / starts for word in OUTCOMES if word != "diverged"}
    return shares
