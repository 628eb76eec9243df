"""The main job as a value: every case run on the reference and, unless told not to, certified on Keras."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

import reference
from compare.certificates import Certificate, certify
from compare.question.experiments import Case
from compare.theory.success import end_loss
from reference import Experiment, Parameters, Trajectory

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["Finding", "audit"]


@dataclass(frozen=True, eq=False)
class Finding:
    """What became of one case."""

    case: Case
    trajectory: Trajectory  # the reference's run
    certificate: Certificate | None  # None where Keras was not asked
    expected_loss: float  # exact, at the end point; NaN where the run diverged


def audit(
    cases: Iterable[Case],
    recorder: "Recorder | None" = None,
    *,
    certified: Callable[[Experiment], Certificate] | None = None,
) -> Iterator[Finding]:
    """Run each case, in order.

    They are certified by `certified`, or by `certify` with graphs shared by `recorder`. Without
    either Keras is left out, and cases that differ in their start only are trained as one
    ensemble, with the same bits as each alone.

    Examples
    --------
    >>> from dataclasses import replace
    >>> case = Case("short", "relu", Experiment(initial=Parameters(w=-1.0), steps=3, batch_size=8))
    >>> finding, = audit([case], recorder=None)
    >>> finding.certificate is None, 0.5 < finding.expected_loss < 1
    (True, True)
    """
    if recorder is not None:
        certified = partial(certify, recorder=recorder)
    if certified is None:
        cases = list(cases)
        for case, trajectory in zip(cases, _train([case.experiment for case in cases]), strict=True):
            yield Finding(case, trajectory, None, float(end_loss(trajectory)))
        return
    for case in cases:
        certificate = certified(case.experiment)
        yield Finding(case, certificate.reference, certificate, float(end_loss(certificate.reference)))


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
