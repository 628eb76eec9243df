"""What goes into defects.json."""

import math
from collections.abc import Sequence
from typing import Any

from compare.defects.correct.controls import EXPERIMENTS
from compare.defects.counts import Control, Counts, by_subject
from compare.defects.defect import SYSTEMS
from compare.defects.detection.lanes import Sighting
from compare.defects.detection.workers import FamilyResult
from compare.defects.families import FAMILIES
from compare.defects.gallery import Outcome

__all__ = ["entry", "report"]


def report(
    outcomes: Sequence[Outcome], families: Sequence[FamilyResult], controls: Sequence[Control], random: bool
) -> dict[str, Any]:
    """The whole file; `random` says whether the controls have random experiments."""
    return {
        "schema": 1,
        "defects": [entry(outcome) for outcome in outcomes],
        "summary": Counts.of(outcomes).entry(),
        "by_subject": {system: counts.entry() for system, counts in by_subject(outcomes).items()},
        "controls": {
            "random_experiments": EXPERIMENTS if random else 0,
            **{f"unpatched_{subject}": _families(families, subject) for subject in SYSTEMS},
            "tried": [control.entry() for control in controls],
            "false_alarms": [alarm for control in controls for alarm in control.alarms],
            "false_alarms_of_usual_tests": {family.family: family.usual_alarms for family in families},
        },
    }


def entry(outcome: Outcome) -> dict[str, Any]:
    """One entry of "defects" in defects.json."""
    defect = outcome.defect
    return {
        "name": defect.name,
        "says": defect.says,
        "source": defect.source,
        "historical": defect.historical,
        "kind": defect.kind,
        "side": defect.side,
        "subject": SYSTEMS[outcome.subject],
        "changes_mathematics": defect.changes_mathematics,
        "missed_first": defect.missed_first,
        "killed": outcome.killed,
        "default": outcome.by_default._asdict(),
        "lanes": {lane: _sighting(seen) for lane, seen in outcome.lanes.items()},
        "usual_tests": dict(outcome.usual),
        "usual_tests_float32": dict(outcome.usual_as_run),
    }


def _families(families: Sequence[FamilyResult], subject: str) -> list[str]:
    """Names of those that a subject was run on."""
    return [family.family for family in families if FAMILIES[family.family].subject == subject]


def _sighting(seen: Sighting | None) -> dict[str, Any]:
    """Where a lane saw it first; a factor that is not finite, over a bound of 0, becomes null."""
    if seen is None:
        return {"killed": False}
    return {
        "killed": True,
        "experiment": seen.experiment,
        "step": seen.step,
        "quantity": seen.quantity,
        "factor": seen.factor if math.isfinite(seen.factor) else None,
    }
