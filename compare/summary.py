"""A certificate as text for people: a table of lanes, and what to type to get it again."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

from compare.ledger import Worst
from reference import Experiment

if TYPE_CHECKING:
    from compare.certificate import Certificate

__all__ = ["command", "summary"]


def summary(certificate: "Certificate") -> str:
    """Verdict, a row for each lane and quantity, and what else there is to know.

    Parameters
    ----------
    certificate : Certificate

    Returns
    -------
    str
        Of several lines.
    """
    return "\n".join(_lines(certificate))


def command(certificate: "Certificate") -> str:
    """Shell command that repeats a certificate.

    Parameters
    ----------
    certificate : Certificate

    Returns
    -------
    str
    """
    mode = "" if certificate.mode == "graph" else f", mode={certificate.mode!r}"
    batches = ", batches=(x, y)" if certificate.own_data else ""
    code = f"from compare import certify; from reference import *; print(certify({_call(certificate.experiment)}"
    return f'python -c "{code}{batches}{mode}))"'


def _call(experiment: Experiment) -> str:
    """The experiment as a constructor call, without what has its default."""
    given = (f"{f.name}={getattr(experiment, f.name)!r}" for f in fields(experiment) if _differs(experiment, f))
    return f"Experiment({', '.join(given)})"


def _differs(experiment: Experiment, field: Field[Any]) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return repr(getattr(experiment, field.name)) != repr(default)


def _lines(certificate: "Certificate") -> Iterator[str]:
    experiment = certificate.experiment
    verdict = "agrees" if certificate.agrees else "DISAGREES"
    yield f"{verdict}: {_call(experiment)}, {experiment.dtype}, {certificate.mode}"
    yield f"{'lane':10}{'quantity':18}{'difference/bound':>17}{'at step':>9}{'ULP':>9}{'at step':>9}{'unbounded':>11}"
    yield from _rows("lockstep", certificate.lockstep)
    yield from _rows("free run", certificate.free_run)
    yield from _bit_lane(certificate)
    exact = certificate.exact
    yield f"exact     {exact.compared} values of {exact.steps} steps equal to the rational ones" + (
        f"; then {exact.stopped}" if exact.stopped else ""
    )
    if certificate.not_compared is not None:
        yield f"NOT COMPARED: {certificate.not_compared}"
    if certificate.vacuous_from is not None:
        yield f"free run: from step {certificate.vacuous_from} its bound says nothing"
    if certificate.steps_compared < experiment.steps:
        yield f"diverged: Keras' state is not finite after {certificate.steps_compared} of {experiment.steps} steps"
    yield from (str(fork) for fork in certificate.forks[:3])
    if certificate.fork_count > 3:
        yield f"FORK: {certificate.fork_count} samples in all are within rounding of the kink"
    flushed = "flushed to zero" if any(certificate.subnormals) else "kept"
    yield f"subnormal numbers are {flushed} by TensorFlow here"
    if certificate.first_disagreement is not None:
        yield f"first disagreement: {certificate.first_disagreement}"
        yield f"reproduce: {certificate.reproduce}"


def _rows(lane: str, worst: Mapping[str, Worst]) -> Iterator[str]:
    for quantity, w in worst.items():
        yield (
            f"{lane:10}{quantity:18}{w.ratio:17.3g}{w.step:9}{w.ulps:9.3g}{w.ulps_step:9}{w.unbounded or '':>11}"
        ).rstrip()


def _bit_lane(certificate: "Certificate") -> Iterator[str]:
    if not certificate.bits:
        yield "bit       not expected of XLA, which fuses operations"
        return
    equal = [quantity for quantity, w in certificate.bits.items() if w.ulps == 0]
    yield f"bit       0 ULP: {', '.join(equal) or 'none'}"
    for quantity, w in certificate.bits.items():
        if w.ulps:
            beyond = "" if w.ratio <= 1 else " BEYOND what operations as written allow"
            yield f"bit       {quantity:18}{w.ulps:.3g} ULP at step {w.ulps_step}{beyond}"
