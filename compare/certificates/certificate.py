"""A certificate: the outcome of a comparison, as a value and as text for people."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any

import numpy as np

from compare.certificates.differences import Disagreement, Worst
from compare.certificates.evaluation import KinkFork
from compare.certificates.exact.initial_steps import ExactLane
from compare.certificates.readings import Fit, spelled
from compare.certificates.redrawn_batches import Drawing
from compare.certificates.sensitivity.remedies import remedies
from compare.certificates.sensitivity.twins import Twin
from compare.certificates.specification import short_name_of
from reference import Experiment, Optimizer, Trajectory
from reference.subject import Subnormals

__all__ = ["Certificate"]

# What goes before a command for Keras on another backend than TensorFlow.
BACKENDS = {"JAX": "KERAS_BACKEND=jax ", "PyTorch": "KERAS_BACKEND=torch "}


@dataclass(frozen=True, eq=False)
class Certificate:
    """Outcome of a comparison; printed, it is a table of the lanes.

    Parameters
    ----------
    experiment : Experiment
    subject : str
        What was under test, with its version: "Keras 3.15.1 on TensorFlow 2.21.0", "PyTorch 2.13.0".
    argument : str
        What names the subject in a call of `certify`; empty for Keras.
    mode : {"graph", "xla", "eager"}
        How it was run: as a TensorFlow graph, compiled by XLA, or operation by operation.
    own_data : bool
        Whether the batches were given, not drawn.
    agrees : bool
        Whether rounding explains every difference in every lane but the bit lane, and each
        trained parameter was compared.
    worst : float
        Largest observed difference / bound over all steps and quantities; at most 1 when
        the two agree.
    first_disagreement : Disagreement or None
    not_compared : Disagreement or None
        What the sides have of a quantity that had no finite bound at any step in lockstep,
        of a trained parameter if there is one: rounding may explain it, or a defect;
        nothing in this run can tell. A twin may.
    compared : mapping of str to int
        By quantity, how many numbers had a finite bound and were compared in lockstep, those
        of the twins among them.
    unseen : tuple of str
        Quantities that the subject does not show, or computes in float32 although the dtype is
        float64: they are not compared in this run.
    readings : tuple of Fit
        Other systems' formulas of the optimizer with which the subject agrees, where it disagrees
        with the experiment's; see `compare.certificates.readings`.
    power : mapping of str to float
        For each setting the smallest relative error that would have been seen, in the run
        or in a twin; infinite where it is not exercised. See `compare.certificates.sensitivity.power`.
    lockstep, free_run, start, record : mapping of str to Worst
        By quantity.
    drawing : Drawing or None
        How many samples and labels of the reference's drawing were held against another one.
    twins : tuple of Twin
    bits : mapping of str to Worst
        The bit lane; empty in XLA.
    first_bit_difference : Disagreement or None
        The first difference that is too large for operations as they are written.
    exact : ExactLane
        What could be compared with rational arithmetic.
    forks : tuple of KinkFork
        The first samples that rounding may put on either side of the kink.
    fork_count : int
        How many there are in all.
    subnormals : Subnormals
        What the subject was found to do with numbers below the smallest normal one, None if
        that is not known. The bounds hold either way.
    steps_compared : int
        Steps that started from a finite state of the subject.
    vacuous_from : int or None
        First step from which the bound of the free run says nothing; None if never.
    reference, observed : Trajectory
        The two runs, the reference's and the subject's.
    """

    experiment: Experiment
    subject: str
    argument: str
    mode: str
    own_data: bool
    agrees: bool
    worst: float
    first_disagreement: Disagreement | None
    not_compared: Disagreement | None
    compared: Mapping[str, int]
    unseen: tuple[str, ...]
    readings: tuple[Fit, ...]
    power: Mapping[str, float]
    lockstep: Mapping[str, Worst]
    free_run: Mapping[str, Worst]
    start: Mapping[str, Worst]
    record: Mapping[str, Worst]
    drawing: Drawing | None
    twins: tuple[Twin, ...]
    bits: Mapping[str, Worst]
    first_bit_difference: Disagreement | None
    exact: ExactLane
    forks: tuple[KinkFork, ...]
    fork_count: int
    subnormals: Subnormals | None
    steps_compared: int
    vacuous_from: int | None
    reference: Trajectory
    observed: Trajectory

    @property
    def keras(self) -> Trajectory:
        """`observed`, by the name it had when there was no subject but Keras."""
        return self.observed

    @property
    def headline(self) -> str:
        """Which side ends in infinities or NaN while the other does not; empty if both do, or neither."""
        sides = ((short_name_of(self.subject), self.observed), ("the reference", self.reference))
        ends = [(who, path.diverged_at) for who, path in sides if path.diverged_at is not None]
        if len(ends) != 1:
            return ""
        ((who, steps),) = ends
        other = next(name for name, _ in sides if name != who)
        return f"{who} is not finite from step {steps} on, {other} stays finite for all {self.experiment.steps} steps"

    @property
    def why_not(self) -> str:
        """What keeps it from agreeing: the first disagreement, or what was not compared; empty if it agrees."""
        if self.agrees:
            return ""
        return f"NOT COMPARED: {self.not_compared}" if self.first_disagreement is None else str(self.first_disagreement)

    @property
    def remedies(self) -> dict[str, str]:
        """For each setting not exercised, where it would be; see `compare.certificates.sensitivity.remedies`."""
        return remedies(self.experiment, self.power)

    @property
    def reproduce(self) -> str:
        """Command that makes this certificate again, given the batches if they were not drawn."""
        return _command(self)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _command(certificate: Certificate) -> str:
    """Shell command that repeats a certificate."""
    keras, _, framework = certificate.subject.rpartition(" on ")
    backend = BACKENDS.get(framework.partition(" ")[0], "") if keras else ""
    compiled = certificate.mode if framework.startswith("TensorFlow ") and certificate.mode != "graph" else None
    options = [
        certificate.argument,
        "batches=(x, y)" if certificate.own_data else "",
        f"mode={compiled!r}" if compiled else "",
        "" if certificate.twins else "twins=False",
    ]
    arguments = ", ".join([_call(certificate.experiment), *filter(None, options)])
    system = _text(certificate.experiment.optimizer).partition("(")[0].rpartition(".")[0]
    imported = "from compare import certify; from reference import *"
    imported += f"; from reference.optimizers import {system}" if system else ""
    code = f"{imported}; print(certify({arguments}))"
    quoted = f"python -c '{code}'" if '"' in code else f'python -c "{code}"'
    return f"{backend}{quoted}"


def _call(experiment: Experiment) -> str:
    """The experiment as a constructor call, without what has its default."""
    given = (f"{f.name}={_text(getattr(experiment, f.name))}" for f in fields(experiment) if _differs(experiment, f))
    return f"Experiment({', '.join(given)})"


def _text(value: Any) -> str:
    return spelled(value) if isinstance(value, Optimizer) else repr(value)


def _differs(experiment: Experiment, field: Field[Any]) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return _text(getattr(experiment, field.name)) != _text(default)


def _lines(certificate: Certificate) -> Iterator[str]:
    experiment = certificate.experiment
    differs = certificate.first_disagreement is not None
    verdict = "agrees" if certificate.agrees else "DISAGREES" if differs else "NOT COMPARED"
    yield f"{verdict}: {_call(experiment)}, {experiment.dtype}, {certificate.subject}, {certificate.mode}"
    if certificate.headline:
        yield f"NOT FINITE ON ONE SIDE: {certificate.headline}"
    yield f"{'lane':10}{'quantity':18}{'difference/bound':>17}{'at step':>9}{'ULP':>9}{'at step':>9}{'unbounded':>11}"
    yield from _rows("lockstep", certificate.lockstep)
    yield from _rows("free run", certificate.free_run)
    yield from _bit_lane(certificate)
    exact = certificate.exact
    if exact.compared:
        then = f"; then {exact.stopped}" if exact.stopped else ""
        yield f"exact     {exact.compared} values of {exact.steps} steps compared with the rational ones{then}"
    else:
        yield f"exact     not for this run: {exact.stopped}"
    yield from _own_records(certificate)
    for twin in certificate.twins:
        yield _twin(twin)
    yield f"{'lane':10}{'setting':18}{'smallest relative error that would have been seen':>51}"
    yield from _power(certificate)
    if certificate.not_compared is not None:
        yield f"NOT COMPARED: {certificate.not_compared}" + _elsewhere(certificate)
    if certificate.vacuous_from is not None:
        yield f"free run: from step {certificate.vacuous_from} its bound says nothing"
    yield from _diverged(certificate)
    yield from (str(fork) for fork in certificate.forks[:3])
    if certificate.fork_count > 3:
        yield f"FORK: {certificate.fork_count} samples in all are within rounding of the kink"
    taken = certificate.reference.experiment.grad_at_zero
    if taken is not None and experiment.grad_at_zero is None:
        who = short_name_of(certificate.subject)
        yield f"at the kink {who} takes the derivative {taken:g}, and so does the reference here"
    if certificate.subnormals is not None:
        flushed = "flushed to zero" if any(certificate.subnormals) else "kept"
        yield f"subnormal numbers are {flushed} by {certificate.subject} here"
    if certificate.unseen:
        yield f"not compared in {experiment.dtype}: {', '.join(certificate.unseen)}; {_why_unseen(certificate)}"
    if certificate.first_disagreement is not None:
        yield f"first disagreement: {certificate.first_disagreement}"
        yield from (f"the formula that fits: {fit}" for fit in certificate.readings)
        yield f"reproduce: {certificate.reproduce}"


def _why_unseen(certificate: Certificate) -> str:
    who = short_name_of(certificate.subject)
    shown = certificate.experiment.dtype == "float64" and " on " in certificate.subject
    return f"{who} computes them in float32" if shown else f"{who} does not show them"


def _own_records(certificate: Certificate) -> Iterator[str]:
    """Lines on what is compared with ``==``: drawing, start, and what was recorded."""
    drawing = certificate.drawing
    if drawing is None:
        yield "drawing   the batches were given, and are taken as they are"
    elif drawing.differing == 0:
        of = certificate.experiment.steps * certificate.experiment.batch_size
        yield f"drawing   the reference's, {drawing.compared // 2} of {of} samples: as the generator gives them"
    else:
        yield f"drawing   {drawing.differing} of {drawing.compared} samples and labels DIFFER"
    who = short_name_of(certificate.subject)
    recorded = f"what the reference recorded of each step, and the path of {who}"
    for lane, says in (("start", "start, batches, and what is not trained"), ("record", recorded)):
        entries = getattr(certificate, lane)
        wrong = [quantity for quantity, worst in entries.items() if worst.ratio > 1]
        yield f"{lane:10}{says}: " + (f"{', '.join(wrong)} DIFFER" if wrong else "as must be")


def _twin(twin: Twin) -> str:
    exactly = f", {twin.exactly} values compared with the rational ones" if twin.exactly else ""
    steps = sum(examination.experiment.steps for examination in twin.examinations)
    verdict = "" if twin.agrees else "DISAGREES; "
    return f"twin      {twin.name}, {steps} steps: {verdict}difference/bound at most {twin.worst:.3g}{exactly}"


def _power(certificate: Certificate) -> Iterator[str]:
    """For each setting the smallest relative error that would have been seen, or what would show one."""
    remedies = certificate.remedies
    for name, error in certificate.power.items():
        seen = f"{error:17.2g}" if np.isfinite(error) else f"    not exercised: {remedies[name]}"
        yield f"power     {name:18}{seen}"


def _elsewhere(certificate: Certificate) -> str:
    missing = certificate.not_compared
    twins = [t.name for t in certificate.twins if missing and t.compared.get(missing.quantity)]
    return f"; it was compared in the {' and the '.join(twins)} twin" if twins else ""


def _diverged(certificate: Certificate) -> Iterator[str]:
    theirs, ours = certificate.observed.diverged_at, certificate.reference.diverged_at
    who = short_name_of(certificate.subject)
    if theirs is not None:
        steps = certificate.experiment.steps
        yield f"diverged: the state of {who} is not finite after {theirs} of {steps} steps"
    if theirs != ours and certificate.first_disagreement is None:
        yield (
            f"diverged: {who} {_after(theirs)}, the reference {_after(ours)}; each step of either is right, so "
            "rounding explains it"
        )


def _after(steps: int | None) -> str:
    return "never" if steps is None else f"after {steps} steps"


def _rows(lane: str, worst: Mapping[str, Worst]) -> Iterator[str]:
    for quantity, w in worst.items():
        yield (
            f"{lane:10}{quantity:18}{w.ratio:17.3g}{w.step:9}{w.ulps:9.3g}{w.ulps_step:9}{w.unbounded or '':>11}"
        ).rstrip()


def _bit_lane(certificate: Certificate) -> Iterator[str]:
    if not certificate.bits:
        fused = "XLA" if certificate.mode == "xla" else short_name_of(certificate.subject)
        yield f"bit       not expected of {fused}, which may fuse operations"
        return
    equal = [quantity for quantity, w in certificate.bits.items() if w.ulps == 0]
    yield f"bit       0 ULP: {', '.join(equal) or 'none'}"
    for quantity, w in certificate.bits.items():
        if w.ulps:
            beyond = "" if w.ratio <= 1 else " BEYOND what operations as written allow"
            yield f"bit       {quantity:18}{w.ulps:.3g} ULP at step {w.ulps_step}{beyond}"
