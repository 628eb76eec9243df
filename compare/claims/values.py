"""What a claim is made of: conditions, the kinds of checks, and the claim itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from compare.claims.formula import Formula
from compare.claims.number_text import written_out
from reference import Experiment, Parameters

__all__ = [
    "VERDICTS",
    "AcceptsCheck",
    "Check",
    "Claim",
    "ComparisonCheck",
    "Condition",
    "ConvexCheck",
    "CriticalPointCheck",
    "CrossingsCheck",
    "DefaultCheck",
    "ExistsCheck",
    "FormulaCheck",
    "KinkCheck",
    "MinimumCheck",
    "ShareOf",
    "StepsCheck",
    "SurfaceCheck",
    "TrajectoryCheck",
    "UpdateCheck",
    "Vary",
]

VERDICTS = ("holds", "refuted", "conditional", "undecided", "not auditable")


class Condition(NamedTuple):
    """What a number has to be: every part that is not None must be met.

    ``below`` and ``above`` are strict; ``near`` means ``|number - near| <= within``.

    Examples
    --------
    >>> Condition(above=0.0).margin(0.25), Condition(near=1.0, within=0.5).margin(2.0)
    (0.25, -0.5)
    """

    below: float | None = None
    above: float | None = None
    near: float | None = None
    within: float | None = None

    def margin(self, number: Any) -> Any:
        """How far inside the condition a number is, negative outside; -inf for NaN.

        On the boundary of a strict part the margin is 0, as it is on the boundary of
        `near`: `met` tells the two apart.
        """
        number = np.asarray(number, np.float64)
        margin = np.full(number.shape, np.inf)
        with np.errstate(invalid="ignore", over="ignore"):
            if self.below is not None:
                margin = np.minimum(margin, self.below - number)
            if self.above is not None:
                margin = np.minimum(margin, number - self.above)
            if self.near is not None and self.within is not None:
                margin = np.minimum(margin, self.within - np.abs(number - self.near))
        margin = np.where(np.isnan(margin) | np.isnan(number), -np.inf, margin)
        return margin[()] if margin.ndim else float(margin)

    def met(self, number: Any) -> Any:
        """Whether the condition is met; NaN meets none, see `tells`."""
        number = np.asarray(number, np.float64)
        met = ~np.isnan(number)
        if self.below is not None:
            met &= number < self.below
        if self.above is not None:
            met &= number > self.above
        if self.near is not None and self.within is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                met &= np.abs(number - self.near) <= self.within
        return met if met.ndim else bool(met)

    def tells(self, number: Any) -> Any:
        """Whether a number says anything: NaN is near nothing, but neither below nor above.

        Examples
        --------
        >>> Condition(above=0.0).tells(np.nan), Condition(near=0.0, within=1.0).tells(np.nan)
        (False, True)
        """
        told = ~np.isnan(number) | (self.near is not None)
        return told if np.ndim(told) else bool(told)

    @property
    def ends(self) -> list[float]:
        """The numbers at which it begins or ceases to be met, ascending."""
        ends = {self.below, self.above}
        if self.near is not None and self.within is not None:
            ends |= {self.near - self.within, self.near + self.within}
        return sorted(end for end in ends if end is not None)

    def __str__(self) -> str:
        parts = []
        if self.below is not None:
            parts.append(f"below {written_out(self.below)}")
        if self.above is not None:
            parts.append(f"above {written_out(self.above)}")
        if self.near is not None and self.within is not None:
            near = written_out(self.near)
            parts.append(f"within {written_out(self.within)} of {near}" if self.within else f"exactly {near}")
        return " and ".join(parts)


class ShareOf(NamedTuple):
    """Of how many starts or seeds a check is judged, and which share of them must meet it."""

    of: str
    number: int
    initial: Mapping[str, tuple[str, float, float]]
    confidence: float
    condition: Condition


@dataclass(frozen=True, kw_only=True)
class TrajectoryCheck:
    """A quantity along the run meets a condition, at the end, ever, always, or at a step."""

    quantity: str
    when: str | int
    condition: Condition
    after: int = 0
    distance_to: float | None = None
    share: ShareOf | None = None


@dataclass(frozen=True, kw_only=True)
class StepsCheck:
    """The number of steps until a condition is first met meets another condition."""

    until: TrajectoryCheck
    condition: Condition


@dataclass(frozen=True, kw_only=True)
class ComparisonCheck:
    """A number of this run is less or greater than, or near, the same number of another run."""

    measure: TrajectoryCheck | StepsCheck
    relation: str
    within: float | None
    other_is: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SurfaceCheck:
    """An exact quantity at one or more points meets a condition or equals a formula."""

    quantity: str
    points: tuple[Mapping[str, float], ...]
    condition: Condition | None
    equals: Formula | None = None
    within: float | None = None
    side: str | None = None
    distance_to: float | None = None


@dataclass(frozen=True, kw_only=True)
class MinimumCheck:
    """Where the global minimum of the expected loss lies, or how low it is."""

    quantity: str
    condition: Condition | None
    equals: Formula | None = None
    within: float | None = None
    distance_to: float | None = None


@dataclass(frozen=True, kw_only=True)
class ConvexCheck:
    """Whether the expected loss is convex in the trained parameters."""

    expected: bool


@dataclass(frozen=True, kw_only=True)
class CriticalPointCheck:
    """Which kind of critical point a point is, or none."""

    at: Parameters
    kind: str
    within: float


@dataclass(frozen=True, kw_only=True)
class CrossingsCheck:
    """A line crosses the expected loss over w more than so many times."""

    at_zero: float
    slope: float
    above: float


@dataclass(frozen=True, kw_only=True)
class KinkCheck:
    """The derivative of an activation at its kink, one-sided or as a framework returns it."""

    function: str
    negative_slope: float
    side: str | None
    framework: str | None
    condition: Condition


@dataclass(frozen=True, kw_only=True)
class DefaultCheck:
    """The default of an argument in the installed Keras."""

    of: str
    argument: str
    equals: Any


@dataclass(frozen=True, kw_only=True)
class AcceptsCheck:
    """Whether a Keras class can be constructed with certain arguments."""

    of: str
    arguments: Mapping[str, Any]
    expected: bool


@dataclass(frozen=True, kw_only=True)
class ExistsCheck:
    """Whether Keras has a public name."""

    of: str
    expected: bool


@dataclass(frozen=True, kw_only=True)
class UpdateCheck:
    """An update rule as assignments, held against every recorded step."""

    rule: tuple[tuple[str, Formula], ...]


@dataclass(frozen=True, kw_only=True)
class FormulaCheck:
    """A formula at a point meets a condition."""

    formula: Formula
    at: Mapping[str, float]
    condition: Condition


Check = (
    TrajectoryCheck
    | StepsCheck
    | ComparisonCheck
    | SurfaceCheck
    | MinimumCheck
    | ConvexCheck
    | CriticalPointCheck
    | CrossingsCheck
    | KinkCheck
    | DefaultCheck
    | AcceptsCheck
    | ExistsCheck
    | UpdateCheck
    | FormulaCheck
)


class Vary(NamedTuple):
    """A setting along which to look for the value at which the claim flips."""

    setting: str  # "initial.w" and so on, "negative_slope", "batch_size", or a setting of the optimizer
    low: float
    high: float
    claimed: bool  # whether the claim is meant for the whole range: if so, a flip inside makes it conditional


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """A falsifiable statement and its machine-readable form.

    Parameters
    ----------
    id, says, source, paragraph, url : str
    expect : str or None
        The verdict that is expected; another one is a failure.
    experiment : Experiment
        The run that the checks are about; `Experiment()` where none is given.
    checks : tuple of Check
        The claim holds when all of them hold.
    vary : tuple of Vary
    not_auditable : str or None
        Why the claim cannot be decided; it then has no checks.
    file : str
        Where it was read.

    Raises
    ------
    ValueError
        If the experiment has arrays in it.
    """

    id: str
    says: str
    source: str
    experiment: Experiment
    checks: tuple[Check, ...] = ()
    paragraph: str | None = None
    url: str | None = None
    expect: str | None = None
    vary: tuple[Vary, ...] = ()
    not_auditable: str | None = None
    file: str = ""

    def __post_init__(self) -> None:
        if self.experiment.shape:
            allowed = "must be of a single neuron, with a number in each setting; many starts are for a share"
            raise ValueError(f"Claim.experiment {allowed}, got an ensemble of shape {self.experiment.shape}")
