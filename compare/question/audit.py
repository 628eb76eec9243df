"""The main job as a value: every case run on the reference and, unless told not to, certified on a subject.

An optimizer's name means in each system what that system's formula is. So PyTorch's Adam is
certified as PyTorch's Adam (`reference.optimizers.pytorch`), and beside it stands where it departs from
what the question ran, which is Keras' formula.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

import reference
from compare.certificates import Certificate, Disagreement, certify
from compare.question.experiments import Case
from compare.theory.success import end_loss
from reference import SGD, Experiment, Parameters, Trajectory
from reference.optimizers.readings import translate
from reference.subject import Subject

__all__ = ["Finding", "audit"]


@dataclass(frozen=True, eq=False)
class Finding:
    """What became of one case."""

    case: Case
    trajectory: Trajectory  # the reference's run
    certificate: Certificate | None  # None where no subject was asked
    expected_loss: float  # exact, at the end point; NaN where the run diverged
    departure: Disagreement | None = None  # of the subject's own formula from the one of Keras that the case names


def audit(
    cases: Iterable[Case],
    subject: Subject | None = None,
    *,
    certified: Callable[[Experiment], Certificate] | None = None,
) -> Iterator[Finding]:
    """Run each case, in order.

    They are certified by `certified`, or by `certify` with what the subject shares between runs.
    Without either no subject is asked, and cases that differ in their start only are trained as one
    ensemble, with the same bits as each alone.

    Examples
    --------
    >>> from dataclasses import replace
    >>> case = Case("short", "relu", Experiment(initial=Parameters(w=-1.0), steps=3, batch_size=8))
    >>> finding, = audit([case])
    >>> finding.certificate is None, 0.5 < finding.expected_loss < 1
    (True, True)
    """
    if subject is not None:
        certified = partial(certify, subject=subject)
    if certified is None:
        cases = list(cases)
        for case, trajectory in zip(cases, _train([case.experiment for case in cases]), strict=True):
            yield Finding(case, trajectory, None, float(end_loss(trajectory)))
        return
    for case in cases:
        own = case.experiment if subject is None else _as_meant(case.experiment, subject.system)
        certificate = certified(own)
        departure = None if own == case.experiment else certified(case.experiment).first_disagreement
        yield Finding(case, certificate.reference, certificate, float(end_loss(certificate.reference)), departure)


def _as_meant(experiment: Experiment, system: str) -> Experiment:
    """The experiment with the system's own formula of the optimizer; unchanged where that is Keras'."""
    if system == "keras" or experiment.optimizer == SGD(learning_rate=experiment.optimizer.learning_rate):
        return experiment
    return replace(experiment, optimizer=translate(experiment.optimizer, system))


def _train(experiments: list[Experiment]) -> list[Trajectory]:
    """Train on the reference; what differs in the start only, as one ensemble on the same batches."""
    together: dict[Experiment, list[int]] = {}
    for i, experiment in enumerate(experiments):
        together.setdefault(replace(experiment, initial=Parameters(w=0.0)), []).append(i)
    trained: dict[int, Trajectory] = {}
    for common, indices in together.items():
        starts = zip(*(experiments[i].initial for i in indices), strict=True)
        ensemble = reference.train(replace(common, initial=Parameters(*map(np.array, starts))))
        trained |= {i: ensemble.member(position) for position, i in enumerate(indices)}
    return [trained[i] for i in range(len(experiments))]
