"""Keras' runs, each certified once; where they are made is not the business of whoever asks for them."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

import reference
from compare.certificates import Certificate, Disagreement, certify
from compare.claims.findings import Finding
from compare.claims.values import Check
from compare.claims.witnesses.installed_keras import judge_installed
from reference import Experiment, Trajectory, draw_batches

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["KerasRun", "KerasRuns", "KerasSide"]


class KerasRun(NamedTuple):
    """What a claim needs of a certificate: of the run itself, without its twins."""

    agrees: bool
    worst: float
    first_disagreement: Disagreement | None
    reference: Trajectory
    keras: Trajectory

    @classmethod
    def of(cls, certificate: Certificate) -> "KerasRun | None":
        """The run of a certificate; None if its twins may be to blame for a disagreement."""
        if certificate.twins and certificate.first_disagreement is not None:
            return None
        lanes = (certificate.start, certificate.record, certificate.lockstep, certificate.free_run)
        compared = all(certificate.lockstep[name].compared for name in certificate.experiment.trainable)
        return cls(
            agrees=certificate.first_disagreement is None and compared,
            worst=max(entry.ratio for lane in lanes for entry in lane.values()),
            first_disagreement=certificate.first_disagreement,
            reference=certificate.reference,
            keras=certificate.observed,
        )


class KerasSide(Protocol):
    """Whoever has Keras: this process, or another one."""

    def run(self, experiment: Experiment) -> KerasRun:
        """Keras' run of an experiment, held against the reference's."""

    def installed(self, check: Check) -> Finding | None:
        """What the installed Keras says of a check that takes no run."""


class KerasRuns:
    """Keras in this process: certifies runs, each once.

    Parameters
    ----------
    recorder : keras_impl.Recorder
        With whose graphs Keras runs.
    """

    def __init__(self, recorder: "Recorder") -> None:
        self._recorder = recorder
        self._runs: dict[Experiment, KerasRun] = {}
        self._batches: dict[object, tuple[np.ndarray, np.ndarray]] = {}

    def certificate(self, experiment: Experiment) -> Certificate:
        """The whole certificate, with its twins; a claim that needs this very run has it then, too."""
        certificate = certify(experiment, recorder=self._recorder)
        run = KerasRun.of(certificate)
        if run is not None:
            self._runs[experiment] = run
        return certificate

    def run(self, experiment: Experiment) -> KerasRun:
        """A run without its twins: a claim is about this run, and the runs that ship have theirs."""
        if experiment not in self._runs:
            batches = self._shared_batches(experiment)
            certificate = certify(experiment, batches=batches, recorder=self._recorder, twins=False)
            run = KerasRun.of(certificate)
            assert run is not None
            self._runs[experiment] = run
        return self._runs[experiment]

    def installed(self, check: Check) -> Finding | None:
        """See `judge_installed`."""
        return judge_installed(check)

    def _shared_batches(self, experiment: Experiment) -> tuple[np.ndarray, np.ndarray] | None:
        """The batches of an experiment, kept for the next one that has the same; None if they are large."""
        if experiment.steps * experiment.batch_size > reference.experiment.SAMPLES_PER_BLOCK:
            return None
        key = (experiment.seed, experiment.steps, experiment.batch_size, experiment.dtype, experiment.target)
        if key not in self._batches:
            self._batches.clear()
            self._batches[key] = draw_batches(experiment)
        return self._batches[key]
