"""Try many defects, one family after the other, in one process or in several.

Families share nothing but Keras itself, so each is a piece of work of its own. Processes
are started afresh rather than forked: TensorFlow does not survive a fork.
"""

import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context
from typing import NamedTuple

from compare.defects.defect import Defect
from compare.defects.detection.by_default import ByDefault
from compare.defects.detection.lanes import Sighting
from compare.defects.families.by_name import FAMILIES
from compare.defects.gallery import Outcome, measure_baseline, named, try_defect
from compare.system.command_line import start_keras

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
        Which usual tests fail on Keras in float32, with nothing planted.
    outcomes : list of Outcome
    """

    family: str
    alarms: tuple[Sighting, ...]
    by_default: ByDefault
    usual_alarms: dict[str, bool]
    outcomes: list[Outcome]


def try_family(family: str, names: list[str]) -> FamilyResult:
    """Measure a family with nothing planted, then try its defects.

    Parameters
    ----------
    family : str
    names : list of str
        Of defects of this family.
    """
    start_keras()
    from compare.defects.detection.remembering import RememberingRecorder

    recorder = RememberingRecorder(FAMILIES[family].mode)
    baseline = measure_baseline(family, recorder)
    outcomes = [try_defect(named(name), baseline, recorder) for name in names]
    return FamilyResult(family, baseline.alarms, baseline.by_default, baseline.usual_alarms, outcomes)


def try_all(defects: Iterable[Defect], jobs: int) -> Iterator[FamilyResult]:
    """Try defects family by family, in the order in which the families first appear.

    Parameters
    ----------
    defects : iterable of Defect
    jobs : int
        Number of processes; with 1, or a single family, this one.
    """
    families: dict[str, list[str]] = {}
    for defect in defects:
        families.setdefault(defect.family, []).append(defect.name)
    if jobs == 1 or len(families) == 1:
        yield from map(try_family, families, families.values())
        return
    others = set(active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_die_quietly)
    try:
        yield from pool.map(try_family, families, families.values())
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _die_quietly() -> None:
    """Let an interrupt end the process without a traceback; the first process says what there is to say."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
