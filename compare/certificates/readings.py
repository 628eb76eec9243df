"""Which system's formula a subject follows, where it is not the one that was asked for.

"Adam" is not one formula: systems differ in where epsilon stands, in what a maximum is
taken of, in whether the learning rate is inside a velocity. `reference.optimizers.READINGS` has
each by system. When a subject disagrees in what an optimizer makes of a gradient, it is held
against the others as well, at the same settings, for a few steps and where it can in
float64: if one fits, that is the answer to what is different.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from compare.certificates.differences import Disagreement
from compare.certificates.examination import Batches, Examination, examine
from compare.certificates.quantities import group_of
from compare.certificates.specification import specify
from reference import Experiment, Optimizer, draw_batches
from reference.optimizers.readings import READINGS, translate
from reference.subject import Record, Subject

__all__ = ["Fit", "fitting_readings", "spelled"]

STEPS = 60

OF_NEURON = frozenset({"x", "y", "y_pred", "loss", "gradient"})


class Fit(NamedTuple):
    """A formula that a subject follows, as far as a few steps show.

    Parameters
    ----------
    reading : str
        Where it is to be found, such as "reference.optimizers.pytorch.Adam".
    says : str
        What it does where systems differ.
    steps : int
        For how many steps it was tried.
    dtype : str
    worst : float
        Largest observed difference / bound.
    """

    reading: str
    says: str
    steps: int
    dtype: str
    worst: float

    def __str__(self) -> str:
        tried = f"{self.steps} steps in {self.dtype}, difference/bound at most {self.worst:.3g}"
        return f"{self.reading}, {self.says} ({tried})"


def fitting_readings(
    experiment: Experiment, subject: Subject, found: Disagreement, batches: Batches | None = None
) -> tuple[Fit, ...]:
    """Other formulas of the same name that explain a disagreement in an optimizer's step.

    Parameters
    ----------
    experiment : Experiment
    subject : Subject
    found : Disagreement
        In a loss or gradient there is nothing that an optimizer explains.
    batches : tuple of x and y, optional
        As for `certify`.

    Returns
    -------
    tuple of Fit
    """
    if group_of(found.quantity) in OF_NEURON:
        return ()

    def tried(few: Experiment, optimizer: Optimizer) -> Examination:
        x, y = draw_batches(few) if batches is None else (a[: few.steps].astype(few.dtype) for a in batches)
        asked = _AsAsked(subject, experiment.optimizer)
        return examine(specify(replace(few, optimizer=optimizer), subject), asked, (x, y), drawn=False)

    for few in _where_it_shows(experiment, subject, found):
        if tried(few, experiment.optimizer).first_disagreement is None:
            continue
        fits = []
        for reading, optimizer in _others(experiment.optimizer, subject.system):
            result = tried(few, optimizer)
            if result.first_disagreement is None and all(result.compared[name] for name in few.trainable):
                fits.append(Fit(reading, optimizer.differs, few.steps, few.dtype, result.worst))
        return tuple(fits)
    return ()


def _where_it_shows(experiment: Experiment, subject: Subject, found: Disagreement) -> Iterator[Experiment]:
    """Runs in which the disagreement may show again: as long as it takes, in the dtype, then in float64."""
    steps = min(experiment.steps, max(STEPS, found.step + 1))
    if "twin" not in found.lane:
        yield replace(experiment, steps=steps)
    if subject.refuses("float64") is None:
        yield replace(experiment, steps=steps, dtype="float64")


class _AsAsked:
    """A subject that trains with the optimizer it was asked for, whichever formula it is then held against."""

    def __init__(self, subject: Subject, optimizer: Optimizer) -> None:
        self._subject, self._optimizer = subject, optimizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subject, name)

    def record(self, experiment: Experiment, batches: Batches | None = None) -> Iterator[Record]:
        for block in self._subject.record(replace(experiment, optimizer=self._optimizer), batches):
            known = {slot: path for slot, path in block.slots.items() if slot in experiment.optimizer.slots}
            yield block._replace(slots=known)


def spelled(optimizer: Optimizer) -> str:
    """An optimizer as it is written, with its system before it if that is not Keras.

    >>> from reference.optimizers import pytorch
    >>> spelled(pytorch.SGD(learning_rate=0.5)).partition("(")[0]
    'pytorch.SGD'
    """
    system = type(optimizer).__module__.rpartition(".")[2]
    return f"{system}.{optimizer!r}" if system in READINGS else repr(optimizer)


def _others(optimizer: Optimizer, own: str) -> Iterator[tuple[str, Optimizer]]:
    """The same settings in other systems' formulas of the same name, as far as these have them; `own` goes first."""
    for system, kinds in sorted(READINGS.items(), key=lambda item: item[0] != own):
        kind = kinds.get(type(optimizer).__name__)
        if kind is None or type(optimizer).__module__ == kind.__module__:  # its own
            continue
        try:
            translated = translate(optimizer, system)
        except ValueError:
            continue  # a setting that it does not have
        place = "reference" if system == "keras" else f"reference.optimizers.{system}"
        yield f"{place}.{kind.__name__}", translated
