"""Try many defects, one family after the other, in one process or in several.

Families share nothing but the systems themselves, so each is a piece of work of its own.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from compare.defects.defect import Defect
from compare.defects.detection.default_certificate import ByDefault
from compare.defects.detection.lanes import Sighting
from compare.defects.detection.opening import remembering_subject
from compare.defects.families import FAMILIES
from compare.defects.gallery import Outcome, measure_baseline, named, try_defect
from compare.system.processes import process_pool

__all__ = ["FamilyResult", "try_all", "try_family"]


class FamilyResult(NamedTuple):
    """What became of the defects of a family.

    Parameters
    ----------
    family : str
    alarms : tuple of Sighting
        Seen by a lane where nothing was planted: there should be none.
    by_default : ByDefault
        What a certificate says where nothing was planted: it should agree.
    usual_alarms : dict of str to bool
        Which usual tests fail on the subject in float32, with nothing planted.
    outcomes : list of Outcome
    """

    family: str
    alarms: tuple[Sighting, ...]
    by_default: ByDefault
    usual_alarms: dict[str, bool]
    outcomes: list[Outcome]


def try_family(family: str, names: list[str]) -> FamilyResult:
    """Measure a family with nothing planted, then try its defects of these names."""
    subject = remembering_subject(FAMILIES[family])
    baseline = measure_baseline(family, subject)
    outcomes = [try_defect(named(name), baseline, subject) for name in names]
    return FamilyResult(family, baseline.alarms, baseline.by_default, baseline.usual_alarms, outcomes)


def try_all(defects: Iterable[Defect], jobs: int) -> Iterator[FamilyResult]:
    """Try defects family by family, in the order in which the families first appear.

    They are tried in so many processes; with one job, or a single family, in this one.
    """
    families: dict[str, list[str]] = {}
    for defect in defects:
        families.setdefault(defect.family, []).append(defect.name)
    if jobs == 1 or len(families) == 1:
        yield from map(try_family, families, families.values())
    else:
        with process_pool(jobs, "fewer --jobs need less") as pool:
            yield from pool.map(try_family, families, families.values())
