"""Boundaries in words: where a claim is true, with the digits that are known, and what batches make of them."""

import math
from collections.abc import Sequence

from compare.claims.boundaries.derivative_at_zero import SETTING
from compare.claims.number_text import shown, told_apart
from compare.claims.telling.trained import started_from
from compare.claims.verdicts import MOST_WINDOWS, Boundary
from reference import Experiment

__all__ = ["false_for", "known_digits", "reach", "true_only_for", "true_where"]

MOST_DIGITS = 4
_PLURALS = {"learning_rate": "learning rates", "negative_slope": "negative slopes"}


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


def reach(setting: str, low: float, high: float, run: Experiment | None = None) -> str:
    """A range of a setting, in words; of a start of `run`, with the other parameters that are trained from there.

    Examples
    --------
    >>> reach("steps", 2000, 200000), reach("momentum", 0.0, 0.99)
    ('runs of 2,000 to 200,000 steps', 'momentum from 0 to 0.99')
    """
    first, last = told_apart([low, high])
    if setting in ("steps", "batch_size"):
        whole, unit = _counted(setting)
        return f"{whole} of {first} to {last} {unit}"
    return f"{_named(setting, run)} from {first} to {last}"


def true_only_for(boundary: Boundary | None, others: Sequence[Boundary] = (), run: Experiment | None = None) -> str:
    """Where a claim is true, in the few words of a table's cell; empty without a boundary.

    Of `others` those of the same setting on the far side of the claim's own value count too. Of a start of `run`
    the other parameters that are trained are said.

    Examples
    --------
    >>> true_only_for(None)
    ''
    >>> flip = {"setting": "momentum", "value": 0.81, "bracket": (0.81, 0.81), "stated": 0.5, "range": (0.0, 1.0)}
    >>> true_only_for(Boundary(below=True, above=False, **flip))
    'momentum below 0.81'
    """
    if boundary is None:
        return ""
    always = ", whatever the batches" if boundary.found_by == "reference" else ""
    return true_where(boundary, others, run) + always


def true_where(boundary: Boundary, others: Sequence[Boundary] = (), run: Experiment | None = None) -> str:
    """`true_only_for`, without whether all runs or the expected dynamics are meant."""
    if boundary.windows:
        return _windows(boundary, run)
    return _side(boundary, boundary.below, _partner(boundary, others), run)


def false_for(boundary: Boundary, others: Sequence[Boundary] = (), run: Experiment | None = None) -> str:
    """Where a claim that is true elsewhere is false."""
    return _side(boundary, not boundary.below, _partner(boundary, others), run)


def _partner(boundary: Boundary, others: Sequence[Boundary]) -> Boundary | None:
    """The boundary of the same setting that closes an interval around the claim's own value; None if there is none."""
    for other in others:
        if (
            other.setting == boundary.setting
            and other.below == boundary.above
            and not other.windows
            and min(boundary.value, other.value) <= boundary.stated <= max(boundary.value, other.value)
        ):
            return other
    return None


def _side(boundary: Boundary, below: bool, partner: Boundary | None, run: Experiment | None) -> str:
    """The values of a setting on one side, or, with a second boundary, between the two or beyond them."""
    setting = boundary.setting
    if setting == SETTING:
        return f"a derivative {'of' if below else 'above'} 0 at the kink"
    if setting in ("steps", "batch_size"):
        whole, unit = _counted(setting)
        number = shown(boundary.value)
        return f"{whole} of {f'fewer than {number} {unit}' if below else f'{number} {unit} or more'}" + _noise(boundary)
    if partner is None:
        return f"{_named(setting, run)} {'below' if below else 'above'} {_number(boundary)}{_noise(boundary)}"
    low, high = sorted((boundary, partner), key=lambda b: b.value)
    inside = below == (boundary is high)
    least = f"{'of' if low.value <= low.range[0] else 'below'} {_number(low)}"
    words = f"between {_number(low)} and {_number(high)}" if inside else f"{least} or above {_number(high)}"
    return f"{_named(setting, run)} {words}{_noise(low, high)}"


def _number(boundary: Boundary) -> str:
    """The value of a boundary if its digits are known, else what it lies between."""
    low, high = boundary.bracket
    if low == high:
        return shown(boundary.value)
    if low <= 0 <= high and boundary.value == 0:
        return "0"
    number = known_digits(low, high)
    return number if number is not None else "a value between {} and {}".format(*told_apart([low, high]))


def _named(setting: str, run: Experiment | None) -> str:
    if setting.startswith("initial."):
        name = setting.removeprefix("initial.")
        others = "" if run is None else started_from(run, name)
        return f"starts from {others} with {name}" if others else f"starts with {name}"
    return _PLURALS.get(setting, setting)


def _counted(setting: str) -> tuple[str, str]:
    return ("runs", "steps") if setting == "steps" else ("batches", "samples")


def _windows(boundary: Boundary, run: Experiment | None) -> str:
    """From where to where; along the steps the last window may go on."""
    parts = [shown(a) if a == b else " to ".join(told_apart([a, b])) for a, b in boundary.windows]
    more = " and so on" if len(parts) == MOST_WINDOWS else ""
    spans = f"{', '.join(parts)},{more}" if more else f"{', '.join(parts[:-1])} or {parts[-1]}"
    if boundary.setting in ("steps", "batch_size"):
        whole, unit = _counted(boundary.setting)
        return f"{whole} of {spans.removesuffix(', and so on')} {unit}{more and ', and so on'}"
    return f"{_named(boundary.setting, run)} {spans}"


def _noise(*boundaries: Boundary) -> str:
    """Between what the runs change outcome, where that is not where the expected dynamics does."""
    moved = [
        b for b in boundaries if b.found_by != "reference" and (b.with_batches is not None or b.confirmed is False)
    ]
    if not moved:
        return ""
    intervals = [ends for b in moved if (ends := b.with_batches) is not None and all(map(math.isfinite, ends))]
    known = ["between {} and {}".format(*told_apart(ends)) for ends in intervals]
    return f" (with batches it changes {' and '.join(known)})" if known else " (with batches it changes elsewhere)"
