"""The main job as a value: every case run on the reference and, unless told not to, certified on Keras."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import reference
from compare.certificate import Certificate, certify
from compare.experiments import Case
from compare.surface import expected_loss
from reference import Experiment, Parameters, Trajectory, draw_batches
from reference.experiment import SAMPLES_PER_BLOCK

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["Finding", "audit"]

Batches = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Finding:
    """What became of one case.

    Parameters
    ----------
    case : Case
    trajectory : Trajectory
        The reference's run.
    certificate : Certificate or None
        None where Keras was not asked.
    expected_loss : float
        Exact expected loss at the end point; NaN where the run diverged.
    """

    case: Case
    trajectory: Trajectory
    certificate: Certificate | None
    expected_loss: float


def audit(cases: Iterable[Case], recorder: "Recorder | None") -> Iterator[Finding]:
    """Run each case, in order.

    Without Keras, cases that use the same batches share them; graphs are shared by `recorder`.

    Parameters
    ----------
    cases : iterable of Case
    recorder : keras_impl.Recorder or None
        None leaves Keras out.

    Yields
    ------
    Finding

    Examples
    --------
    >>> from dataclasses import replace
    >>> case = Case("short", "relu", Experiment(initial=Parameters(w=-1.0), steps=3, batch_size=8))
    >>> finding, = audit([case], recorder=None)
    >>> finding.certificate is None, 0.5 < finding.expected_loss < 1
    (True, True)
    """
    batches = _shared_batches()
    for case in cases:
        if recorder is None:
            certificate, trajectory = None, reference.train(case.experiment, batches=batches(case.experiment))
        else:
            certificate = certify(case.experiment, recorder=recorder)
            trajectory = certificate.reference
        yield Finding(case, trajectory, certificate, _loss_at_end(trajectory))


def _shared_batches() -> Callable[[Experiment], Batches | None]:
    """Remember the batches drawn last; None where they are better drawn block by block."""
    last: dict[tuple[object, ...], Batches] = {}

    def batches(experiment: Experiment) -> Batches | None:
        if experiment.steps * experiment.batch_size > SAMPLES_PER_BLOCK:
            return None
        key = (experiment.seed, experiment.steps, experiment.batch_size, experiment.dtype, experiment.target)
        if key not in last:
            last.clear()
            last[key] = draw_batches(experiment)
        return last[key]

    return batches


def _loss_at_end(trajectory: Trajectory) -> float:
    end = Parameters(*(float(p) for p in trajectory.end))
    if not np.isfinite(end).all():
        return float("nan")
    experiment = trajectory.experiment
    return float(expected_loss(end, negative_slope=experiment.negative_slope, target=experiment.target))
