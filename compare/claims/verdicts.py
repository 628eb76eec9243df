"""The verdict on a claim, and what it rests on: witnesses, shares of seeds, boundaries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.claims.findings import Finding
from compare.claims.values import Check, Claim

__all__ = ["MOST_WINDOWS", "NEEDS_KERAS", "WITNESSES", "Boundary", "Judged", "Share", "Verdict", "Witness"]

MOST_WINDOWS = 8  # that are reported, of a claim that holds in several
WITNESSES = ("exact", "reference", "keras")
NEEDS_KERAS = "only Keras can tell, and it was left out"


class Share(NamedTuple):
    """Numbers of seeds, or starts: for which a claim holds, for which that can be told, and of all."""

    met: int
    told: int
    seeds: int

    @classmethod
    def of(cls, met: np.ndarray, resolved: np.ndarray) -> "Share":
        """Count the seeds for which the claim holds, and those that are resolved; both arrays (seeds,)."""
        return cls(int((met & resolved).sum()), int(resolved.sum()), len(met))

    def all_say(self, holds: bool) -> bool:
        """Whether all seeds that can tell say that the claim holds, or does not."""
        return self.met == (self.told if holds else 0)

    @property
    def all_hold(self) -> bool | None:
        """Whether the claim holds for all seeds; None where those that can tell say so, but not all can."""
        return True if self.met == self.seeds else False if self.met < self.told else None


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """The value of a setting at which a claim flips.

    Parameters
    ----------
    setting : str
        "steps", or a setting that the claim varies.
    value : float
        Where it flips; for steps and the batch size the lowest value above the flip that was
        run.
    below, above : bool
        Whether the claim holds below, and from there on.
    bracket : tuple of float
        The flip lies between these.
    stated : float
        The claim's own value of the setting.
    range : tuple of float
        The range that was searched.
    claimed : bool
        Whether the claim is meant for the whole range.
    closed_form : tuple of str and float, or None
        A formula for this very boundary in a run of any length, and its value.
    reference : mapping of float to tuple of int
        What the reference said beside the boundary: for each value asked, for how many
        seeds the claim held, of how many that can tell.
    confirmed : bool or None
        Whether the reference's seeds flip where the exact witness does; False if the noise
        of their batches moves it, None if no seed can tell, or none was asked because such
        a run is too long.
    with_batches : tuple of float, or None
        Interval in which the sampled runs change outcome: from the nearest value run at
        which all seeds are as below the boundary to the nearest at which all are as above it.
    found_by : {"exact", "reference"}
        Whose flip it is: that of the expected dynamics, or one that only batches show.
    windows : tuple of tuple of float
        Intervals in which the claim holds, if there are several: along the steps, or over a
        claimed range.
    """

    setting: str
    value: float
    below: bool
    above: bool
    bracket: tuple[float, float]
    stated: float
    range: tuple[float, float]
    claimed: bool = False
    closed_form: tuple[str, float] | None = None
    reference: Mapping[float, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    confirmed: bool | None = None
    with_batches: tuple[float, float] | None = None
    found_by: str = "exact"
    windows: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Witness:
    """What one witness says about a whole claim.

    Parameters
    ----------
    holds : bool or None
        None if it cannot tell, or says yes for some seeds only.
    share : tuple of int or None
        Of the reference: for how many seeds the claim holds, of how many that can tell.
    interval : tuple of float or None
        Exact binomial interval of that share.
    findings : tuple of Finding or None
        For each check, in order; None for those that this witness is not asked about.
    certified : tuple of str and float, or None
        Of Keras: "agrees" or what disagrees, and the largest difference over bound.
    """

    holds: bool | None
    findings: tuple[Finding | None, ...]
    share: tuple[int, int] | None = None
    interval: tuple[float, float] | None = None
    certified: tuple[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A check, and whether it holds by its witnesses together."""

    check: Check
    text: str
    holds: bool | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Verdict:
    """The verdict on a claim.

    Parameters
    ----------
    claim : Claim
    verdict : str
        One of `VERDICTS`.
    why : str
        In a sentence.
    number : str
        The number that decides, in words.
    witnesses : mapping of str to Witness or None
        "exact", "reference", "keras"; None where one was not asked.
    checks : tuple of Judged
    boundary : Boundary or None
        The one that matters most: along the steps, else in a claimed range, else any.
    boundaries : tuple of Boundary
    searched : tuple
        Settings along which no flip was found: name, from, to.
    contradictions : tuple of str
        Witnesses that contradict each other beyond rounding.
    notes : tuple of str
    """

    claim: Claim
    verdict: str
    why: str
    number: str
    witnesses: Mapping[str, Witness | None]
    checks: tuple[Judged, ...]
    boundary: Boundary | None = None
    boundaries: tuple[Boundary, ...] = ()
    searched: tuple[tuple[str, float, float], ...] = ()
    contradictions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def as_expected(self) -> bool | None:
        """Whether the claim's expectation is met; None without one, or where a witness that it needs was left out."""
        expected = self.claim.expect
        if expected is None or (self.verdict == "undecided" and NEEDS_KERAS in self.why and expected != "undecided"):
            return None
        return self.verdict == expected
