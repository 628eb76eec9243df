"""Boundaries in words: with the digits that are known, and what batches make of them."""

import math

from compare.claims.boundaries.derivative_at_zero import SETTING
from compare.claims.check_text import shown
from compare.claims.verdicts import MOST_WINDOWS, Boundary

__all__ = ["boundary_text", "falls_at", "known_digits"]

MOST_DIGITS = 4


def known_digits(low: float, high: float) -> str | None:
    """A number in as many digits as its two bounds agree in, at most four; None if there is no such digit.

    Examples
    --------
    >>> known_digits(0.81002, 0.81004), known_digits(1.875, 2.125), known_digits(-1.0, 2.0)
    ('0.81', None, None)
    """
    for digits in range(MOST_DIGITS, 1, -1):
        texts = {f"{number:.{digits}g}" for number in (low, high)}
        if len(texts) == 1:
            return shown(float(texts.pop()))
    return shown(low) if shown(low) == shown(high) else None


def falls_at(boundary: Boundary) -> str:
    """Where a claim that is true as stated becomes false."""
    by_batches = " for some seeds" if boundary.found_by == "reference" else ""
    if boundary.windows:
        return f"but it comes and goes: {_windows(boundary)}"
    if boundary.setting == "steps":
        return f"false{by_batches} from {shown(boundary.value)} steps on{_with_batches(boundary)}"
    side = _side(boundary, not boundary.below, above="beyond")
    return f"false{by_batches} {side}"


def boundary_text(boundary: Boundary | None) -> str:
    """A boundary in a few words: where the claim holds.

    Examples
    --------
    >>> boundary_text(None)
    ''
    """
    if boundary is None:
        return ""
    if boundary.windows:
        return f"holds for {_windows(boundary)}"
    holds = "holds for all seeds" if boundary.found_by == "reference" else "holds"
    if boundary.setting == "steps":
        side = "below" if boundary.below else "from"
        return f"{holds} {side} steps {shown(boundary.value)}{_with_batches(boundary)}"
    if boundary.setting == SETTING:
        return f"holds at {boundary.setting} = 0 only" if boundary.below else f"holds for {boundary.setting} above 0"
    side = _side(boundary, boundary.below, above="above")
    return f"{holds} {side}"


def _side(boundary: Boundary, below: bool, above: str) -> str:
    """The values of a setting on one side: of a number if its digits are known, else of what it lies between."""
    low, high = boundary.bracket
    number: str | None
    if low == high or boundary.setting == "batch_size":
        number = shown(boundary.value)
    elif low <= 0 <= high and boundary.value == 0:
        number = "0"
    else:
        number = known_digits(low, high)
    if number is not None:
        return f"{'below' if below else 'from'} {boundary.setting} = {number}{_with_batches(boundary)}"
    side = "below" if below else above
    return f"{side} a {boundary.setting} between {shown(low)} and {shown(high)}{_with_batches(boundary)}"


def _windows(boundary: Boundary) -> str:
    """From where to where; along the steps the last window may go on."""
    parts = [shown(a) if a == b else f"{shown(a)} to {shown(b)}" for a, b in boundary.windows]
    more = ", and so on" if len(parts) == MOST_WINDOWS else ""
    return f"{boundary.setting} {', '.join(parts)}{more}"


def _with_batches(boundary: Boundary) -> str:
    """Between what the seeds go over, where it is not where the expected dynamics does."""
    if boundary.with_batches is None or boundary.found_by == "reference":
        return ""
    low, high = boundary.with_batches
    return f" (with batches {shown(low)} to {shown(high)})" if math.isfinite(low + high) else ""
