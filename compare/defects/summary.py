"""What came of the gallery in a few lines: defects seen, by kind, side and subject, and false alarms."""

from collections.abc import Iterator, Sequence

from compare.defects.counts import Control, Counts, by_subject
from compare.defects.defect import KINDS, SIDES, SYSTEMS
from compare.defects.detection.conventional_tests import USUAL_TESTS
from compare.defects.families import FAMILIES
from compare.defects.gallery import Outcome

__all__ = ["controls_summary", "summary"]


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many defects a certificate sees by default and with every lane, and what survives."""
    return "\n".join(_lines(outcomes))


def _lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    counts = Counts.of(outcomes)
    yield ""
    yield (
        f"defects that change the mathematics: {counts.defects}, of them {counts.historical} reported somewhere "
        f"and {counts.defects - counts.historical} plausible slips"
    )
    real = [outcome for outcome in outcomes if outcome.defect.changes_mathematics]
    if len(real) > 1:
        yield from _by_kind(real)
        yield from _by_subject(real)
    lanes = ", ".join(f"{lane} {seen}" for lane, seen in counts.lanes.items())
    yield f"killed by a certificate with its defaults, on the run that somebody would try: {counts.by_default}"
    yield f"killed: {counts.killed}, by that or by a lane on the short experiments ({lanes})"
    yield f"missed by default when first tried: {counts.missed_first}, of which it sees {counts.seen_now} now"
    yield f"the usual tests catch, on the same runs: {_usual(counts.usual_as_run)}"
    yield f"the usual tests catch, on the same runs in float64: {_usual(counts.usual)}"
    rewrites = [outcome for outcome in outcomes if not outcome.defect.changes_mathematics]
    if rewrites:
        failing = {name: sum(o.usual_as_run[name] for o in rewrites) for name in USUAL_TESTS}
        yield f"the usual tests fail, on the same runs, with {len(rewrites)} harmless rewrites: {_usual(failing)}"
    for outcome in outcomes:
        harmless = not outcome.defect.changes_mathematics
        if not outcome.killed:
            yield f"survives: {outcome.defect.name}, {outcome.defect.source if harmless else 'NOT SEEN'}"
        elif not harmless and not outcome.by_default.killed:
            yield f"missed by default: {outcome.defect.name}"


def _by_kind(real: Sequence[Outcome]) -> Iterator[str]:
    """A row for each kind and side."""
    usual = "".join(f"{name:>16}" for name in USUAL_TESTS)
    yield f"{'kind':12}{'planted in':12}{'defects':>9}{'by default':>12}{'all lanes':>11}{usual}"
    for kind in KINDS:
        for side in SIDES:
            here = [o for o in real if (o.defect.kind, o.defect.side) == (kind, side)]
            if here:
                counts = Counts.of(here)
                usual = "".join(f"{caught:16}" for caught in counts.usual_as_run.values())
                yield f"{kind:12}{side:12}{counts.defects:9}{counts.by_default:12}{counts.killed:11}{usual}"


def _by_subject(real: Sequence[Outcome]) -> Iterator[str]:
    """A column for each subject: how many were planted where it is held against the reference, and how many seen."""
    columns = by_subject(real)
    rows = {
        "planted": [counts.defects for counts in columns.values()],
        "reported somewhere": [counts.historical for counts in columns.values()],
        "seen by default": [counts.by_default for counts in columns.values()],
        "seen by that or a lane": [counts.killed for counts in columns.values()],
    }
    some = next(iter(columns.values()))
    rows |= {f"  {lane}": [counts.lanes[lane] for counts in columns.values()] for lane in some.lanes}
    rows |= {name: [counts.usual_as_run[name] for counts in columns.values()] for name in some.usual_as_run}
    yield f"{'on the subject':24}" + "".join(f"{system:>10}" for system in columns)
    for row, numbers in rows.items():
        yield f"{row:24}" + "".join(f"{number:10}" for number in numbers)


def _usual(caught: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in caught.items())


def controls_summary(controls: Sequence[Control], usual_alarms: dict[str, dict[str, bool]]) -> str:
    """How many false alarms there are, and how many there may be all the same.

    Parameters
    ----------
    controls : sequence of Control
    usual_alarms : dict of str to dict of str to bool
        By family, which usual tests fail on its subject as it is.
    """
    lines = [f"false alarms: {control}" for control in controls]
    for subject, system in SYSTEMS.items():
        here = {family: fails for family, fails in usual_alarms.items() if FAMILIES[family].subject == subject}
        failing = {name: [family for family, fails in here.items() if fails[name]] for name in USUAL_TESTS}
        usual = "; ".join(f"{name} on {', '.join(families)}" for name, families in failing.items() if families)
        if here:
            lines.append(f"false alarms of the usual tests on unpatched {system} in float32: {usual or 'none'}")
    return "\n".join(lines)
