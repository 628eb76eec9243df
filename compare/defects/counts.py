"""Counts of defects that are seen, and of false alarms, with what none of them proves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from compare.defects.defect import SYSTEMS

if TYPE_CHECKING:
    from compare.defects.gallery import Outcome

__all__ = ["Control", "Counts", "by_subject", "upper_limit"]

CONFIDENCE = 0.95


def upper_limit(alarms: int, tried: int) -> float:
    """Upper 95 % confidence limit of the share of false alarms, after `alarms` of them in `tried` trials.

    The one-sided limit of Clopper and Pearson (1934), "The use of confidence or fiducial
    limits illustrated in the case of the binomial": the share p at which that many alarms or
    fewer have probability 0.05. With none that is (1 - p)^tried = 0.05.

    Parameters
    ----------
    alarms, tried : int
        At least 0 and 1.

    Examples
    --------
    >>> f"{upper_limit(0, 240):.2%}", f"{1 - 0.05 ** (1 / 240):.2%}"
    ('1.24%', '1.24%')
    >>> upper_limit(7, 7)
    1.0
    """
    if alarms == tried:
        return 1.0
    from scipy.special import betaincinv  # late: the list of defects needs none of it

    return float(betaincinv(alarms + 1, tried - alarms, CONFIDENCE))


class Control(NamedTuple):
    """A group of runs without defects, of which no lane may report any.

    Parameters
    ----------
    what : str
    tried : int
        How many there are.
    alarms : tuple of str
        What was reported all the same, a line for each of those that were.
    """

    what: str
    tried: int
    alarms: tuple[str, ...]

    def __str__(self) -> str:
        limit = upper_limit(len(self.alarms), self.tried)
        return f"{len(self.alarms)} of {self.tried} {self.what} (below {limit:.2g} with 95 % confidence)"

    def entry(self) -> dict[str, Any]:
        """What goes into defects.json."""
        alarms = len(self.alarms)
        return {
            "what": self.what,
            "tried": self.tried,
            "false_alarms": alarms,
            "upper_limit_95": upper_limit(alarms, self.tried),
        }


class Counts(NamedTuple):
    """What there is to count of outcomes, those of harmless rewrites left out.

    Parameters
    ----------
    defects : int
    historical : int
        Those that somebody reported of some software; the others are plausible slips.
    by_default : int
        Those seen by a certificate with nothing but its defaults.
    killed : int
        Those seen by that or by any lane.
    missed_first : int
        Those that a certificate by default missed when they were first tried.
    seen_now : int
        Those of them that it sees now.
    lanes : dict of str to int
        Those seen by each lane.
    usual, usual_as_run : dict of str to int
        What the usual tests catch, on the runs in float64, and on the very runs that were
        certified.
    """

    defects: int
    historical: int
    by_default: int
    killed: int
    missed_first: int
    seen_now: int
    lanes: dict[str, int]
    usual: dict[str, int]
    usual_as_run: dict[str, int]

    @classmethod
    def of(cls, outcomes: "Sequence[Outcome]") -> "Counts":
        """Count."""
        from compare.defects.detection.conventional_tests import USUAL_TESTS
        from compare.defects.detection.lanes import LANES

        real = [outcome for outcome in outcomes if outcome.defect.changes_mathematics]
        missed = [outcome for outcome in real if outcome.defect.missed_first]
        return cls(
            defects=len(real),
            historical=sum(outcome.defect.historical for outcome in real),
            by_default=sum(outcome.by_default.killed for outcome in real),
            killed=sum(outcome.killed for outcome in real),
            missed_first=len(missed),
            seen_now=sum(outcome.by_default.killed for outcome in missed),
            lanes={lane: sum(outcome.lanes[lane] is not None for outcome in real) for lane in LANES},
            usual={name: sum(outcome.usual[name] for outcome in real) for name in USUAL_TESTS},
            usual_as_run={name: sum(outcome.usual_as_run[name] for outcome in real) for name in USUAL_TESTS},
        )

    def entry(self) -> dict[str, Any]:
        """What goes into defects.json."""
        return {
            "defects": self.defects,
            "historical": self.historical,
            "plausible_slips": self.defects - self.historical,
            "killed_by_default": self.by_default,
            "killed": self.killed,
            "missed_first": self.missed_first,
            "missed_first_and_killed_by_default_now": self.seen_now,
            "lanes": self.lanes,
            "usual_tests": {"float64": self.usual, "float32": self.usual_as_run},
            "usual_tests_saw": "the runs that were certified by default (float32), and the same in float64",
        }


def by_subject(outcomes: "Sequence[Outcome]") -> dict[str, Counts]:
    """Counts for each subject that they were tried on, by what it is called; defects of the reference with Keras' own.

    Parameters
    ----------
    outcomes : sequence of Outcome
    """
    groups = {
        system: [outcome for outcome in outcomes if outcome.subject == subject] for subject, system in SYSTEMS.items()
    }
    return {system: Counts.of(group) for system, group in groups.items() if group}
