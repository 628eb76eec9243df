"""Where a claim is true along a setting, as a bar: by the expected dynamics, and beside it by runs with batches."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from compare.claims import Boundary, Claim
from compare.claims.number_text import told_apart
from compare.claims.telling.boundary_text import reach, true_only_for
from compare.report.claim_rows.axes import Axis
from compare.report.numbers import count, plain, typeset
from compare.report.show_me import address_of_change, beyond

__all__ = ["Part", "Scale", "scales_of"]

LEFT, RIGHT = 8.0, 432.0  # of the bar, in units of a picture that is 440 wide
DECADES = 2.0  # a range that spans as much is shown on a logarithmic scale
APART = 62.0  # units that two texts need
DOT = 11.0  # units that a dot needs


@dataclass(frozen=True)
class Part:
    """A part of the bar, and whether the claim is true there: "true", "false", or "mixed" for some runs only."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True)
class Scale:
    """The range of a setting in which changes were looked for."""

    setting: str
    range: str  # in words
    true_for: str
    parts: tuple[Part, ...]  # by whoever found the change
    by: str  # "expected dynamics" or "runs with batches"
    mixed: tuple[Part, ...]  # where runs with batches change from one to the other
    tried: tuple[tuple[float, str, str], ...]  # place, kind, and in how many runs it is true
    ticks: tuple[tuple[float, str, str], ...]  # place, text, anchor
    stated: tuple[float, str, str]
    shows: tuple[tuple[str, str], ...]  # what is true just beyond each change, and the address of a figure put there
    sentences: tuple[str, ...] = ()  # one for each change


def scales_of(claim: Claim, boundaries: Sequence[Boundary], sentences: Sequence[str]) -> tuple[list[Scale], list[str]]:
    """A bar for each setting along which a change was found in a finite range; and the sentences without a bar.

    `sentences` tell of the boundaries, in their order.
    """
    drawn: list[Scale] = []
    untold: list[str] = []
    for setting in dict.fromkeys(boundary.setting for boundary in boundaries):
        mine = [boundary for boundary in boundaries if boundary.setting == setting]
        told = [s for s, boundary in zip(sentences, boundaries, strict=True) if boundary.setting == setting]
        scale = _scale(claim, mine)
        if scale is None:
            untold += told
        else:
            drawn.append(replace(scale, sentences=tuple(map(typeset, told))))
    return drawn, untold


def _scale(claim: Claim, boundaries: list[Boundary]) -> Scale | None:
    boundaries = sorted(boundaries, key=lambda boundary: boundary.value)
    first = boundaries[0]
    axis = _axis(boundaries)
    if axis is None:
        return None
    spans = list(_windows(first, axis) if first.windows else _spans(boundaries, axis))
    noisy = [b.with_batches for b in boundaries if b.with_batches is not None]
    tried = {at: told for boundary in boundaries for at, told in boundary.reference.items() if told[1]}
    texts = {b.value: text for b, text in zip(boundaries, told_apart([b.value for b in boundaries]), strict=True)}
    return Scale(
        setting=first.setting,
        range=typeset(reach(first.setting, axis.low, axis.high, claim.experiment)),
        true_for=typeset(" and ".join(dict.fromkeys(_true_for(claim, each, boundaries) for each in boundaries))),
        parts=tuple(spans),
        by="runs with batches" if first.found_by == "reference" else "expected dynamics",
        mixed=tuple(
            _part(low, high, "mixed", axis) for low, high in noisy if math.isfinite(low) and math.isfinite(high)
        ),
        tried=tuple(
            (x, _kind(*told), f"{told[0]} of {told[1]}")
            for x, (_, told) in zip(
                _apart([axis.place(at) for at in sorted(tried)]), sorted(tried.items()), strict=True
            )
        ),
        ticks=_ticks(axis, [] if first.windows else [(value, typeset(text)) for value, text in texts.items()]),
        stated=(axis.place(first.stated), _number(first.setting, first.stated), _anchor(axis.place(first.stated))),
        shows=tuple(
            (_tried(boundary), address)
            for boundary in boundaries
            if not boundary.windows and (address := address_of_change(claim, boundary)) is not None
        ),
    )


def _true_for(claim: Claim, boundary: Boundary, boundaries: Sequence[Boundary]) -> str:
    others = [other for other in boundaries if other is not boundary]
    return true_only_for(boundary, others, claim.experiment)


def _tried(boundary: Boundary) -> str:
    """What the claim is just beyond a change."""
    value, holds = beyond(boundary)
    setting = boundary.setting.removeprefix("initial.").replace("_", " ")
    number = _number(boundary.setting, value)
    of = f"{number} steps" if setting == "steps" else f"{setting} {number}"
    if boundary.setting.startswith("initial."):
        of = f"a start at {setting} = {number}"
    return f"with {of} it is {'true' if holds else 'false'}"


def _axis(boundaries: Sequence[Boundary]) -> Axis | None:
    """From the least to the greatest number that was looked at; None if that has no end."""
    numbers = [n for b in boundaries for n in (*b.range, b.value, b.stated, *sum(b.windows, ()))]
    low, high = min(numbers), max(numbers)
    if not all(map(math.isfinite, numbers)):
        return None
    if boundaries[0].setting in ("steps", "batch_size"):
        low = 1.0 if boundaries[0].windows else max(low, 1.0)
    if not low < high:
        return None
    return Axis(low, high, LEFT, RIGHT, low > 0 and math.log10(high / low) >= DECADES)


def _spans(boundaries: Sequence[Boundary], axis: Axis) -> Iterable[Part]:
    cuts = [axis.low, *(boundary.value for boundary in boundaries), axis.high]
    kinds = [boundary.below for boundary in boundaries] + [boundaries[-1].above]
    for low, high, holds in zip(cuts, cuts[1:], kinds, strict=False):
        yield _part(low, high, "true" if holds else "false", axis)


def _windows(boundary: Boundary, axis: Axis) -> Iterable[Part]:
    """The windows, and the gaps before, between and after them."""
    end = axis.low
    for low, high in boundary.windows:
        if low > end:
            yield _part(end, low, "false", axis)
        yield _part(low, high, "true", axis)
        end = high
    if end < axis.high:
        yield _part(end, axis.high, "false", axis)


def _part(low: float, high: float, kind: str, axis: Axis) -> Part:
    x = axis.place(low)
    return Part(x, round(max(axis.place(high) - x, 0.0), 2), kind)


def _apart(places: Sequence[float]) -> list[float]:
    """Places of dots, ascending, those that would cover one another side by side around their middle."""
    groups: list[list[float]] = []
    for place in places:
        if groups and place - groups[-1][-1] < DOT:
            groups[-1].append(place)
        else:
            groups.append([place])
    found = []
    for group in groups:
        width = DOT * (len(group) - 1)
        first = max(LEFT, min(sum(group) / len(group) - width / 2, RIGHT - width))
        found += [round(first + DOT * i, 2) for i in range(len(group))]
    return found


def _kind(met: int, of: int) -> str:
    return "true" if met == of else "mixed" if met else "false"


def _ticks(axis: Axis, changes: Sequence[tuple[float, str]]) -> tuple[tuple[float, str, str], ...]:
    """The ends, and between them the changes, as far as their texts have room."""
    texts = [*changes, (axis.low, plain(axis.low, 4)), (axis.high, plain(axis.high, 4))]
    free: list[tuple[float, str, str]] = []
    for value, text in texts:
        place = axis.place(value)
        if all(abs(place - other) >= APART for other, _, _ in free):
            free.append((place, text, _anchor(place)))
    return tuple(free)


def _anchor(place: float) -> str:
    return "" if place < LEFT + APART else "end" if place > RIGHT - APART else "middle"


def _number(setting: str, value: float) -> str:
    return count(int(value)) if setting in ("steps", "batch_size") else plain(value, 4)
