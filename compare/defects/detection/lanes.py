"""What each lane sees of a defect: where first, and by what factor.

The lanes are those of the certificate, on the short experiments of a family, if it has any:

exact
    `compare.certificates.exact.comparison` on the dyadic networks of the family.
bound
    `compare.certificates.lockstep`: one step from each state that the subject recorded, and, with
    Keras, the same once more while the learning rate changes.
bit
    The same comparisons where no reduction takes part, of what is computed as it is
    written, but for what TensorFlow's graph optimizer is known to rewrite: see
    `compare.rounding.arithmetic`. Not of PyTorch and JAX, which fuse operations.
free run
    `compare.certificates.free_run`: both on their own from start to end.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

import reference
from compare.certificates.comparison import Comparison
from compare.certificates.exact.cases import exact_cases
from compare.certificates.exact.comparison import ExactResult, check_keras, check_reference
from compare.certificates.examination import BITS
from compare.certificates.free_run import free_run
from compare.certificates.lockstep import examine_block
from compare.certificates.specification import specify
from compare.defects.detection.changing_rate import compare_changing_rate
from compare.defects.families import Family
from reference import Experiment, draw_batches
from reference.subject import Subject, assemble

__all__ = ["LANES", "Sighting", "look"]

LANES = ("exact", "bound", "bit", "free run")

# Of `compare.certificates.exact.cases`; the oracle is slow.
EXACT_STARTS = ("origin", "right-way", "on-the-kink", "upside-down")


class Sighting(NamedTuple):
    """A difference that no rounding explains.

    Parameters
    ----------
    lane : str
        One of `LANES`.
    experiment : str
    step : int
    quantity : str
    factor : float
        Largest observed difference / bound in this experiment; infinite where the bound is
        0, as it always is in the exact lane and nearly always in the bit lane.
    """

    lane: str
    experiment: str
    step: int
    quantity: str
    factor: float


def look(family: Family, subject: Subject, side: str | None = None) -> list[Sighting]:
    """Compare both sides on everything a family has.

    Parameters
    ----------
    family : Family
    subject : Subject
        That of the family, as it is to be looked at; a new one if something in its path was patched.
    side : {"reference", "keras", "torch", "jax"}, optional
        Which one the exact lane looks at, the reference or the subject; by default both.

    Returns
    -------
    list of Sighting
        The first of each lane and experiment.
    """
    sightings: list[Sighting] = []
    chosen = {f"{network}/{start}/by hand" for network in family.networks for start in EXACT_STARTS}
    cases = [case for case in exact_cases() if case.name in chosen]
    if side in (None, "reference"):
        sightings += _exact(check_reference(cases=cases))
    if side != "reference":
        sightings += _exact(check_keras(subject, cases=cases))
    for name, experiment in family.experiments.items():
        # Keras' constants and its derivative at the kink are what the reference has by default.
        meant = experiment if family.subject == "keras" else specify(experiment, subject)
        sightings += _experiment(name, meant, subject)
    if family.rates:
        experiment = family.experiments["ordinary"]
        changing = compare_changing_rate(experiment, family.rates)
        sightings += _beyond("bound", "changing rate", [(c, c.ratio) for c in changing])
    return sightings


def _experiment(name: str, experiment: Experiment, subject: Subject) -> Iterator[Sighting]:
    batches = draw_batches(experiment)
    records = list(subject.record(experiment, batches))
    bits, fused = BITS[subject.operations], subject.operations == "fused"
    lockstep = [c for block in records for c in examine_block(experiment, block, bits, fused=fused).comparisons]
    yield from _beyond("bound", name, [(c, c.ratio) for c in lockstep])
    yield from _beyond("bit", name, [(c, c.bits) for c in lockstep if c.bits is not None])
    ours = reference.train(experiment, batches=batches)
    run = free_run(experiment, ours, assemble(experiment, records), batches)
    yield from _beyond("free run", name, [(c, c.ratio) for c in run.comparisons])


def _exact(result: ExactResult) -> Iterator[Sighting]:
    if result.disagreements:
        first = min(result.disagreements.values(), key=lambda found: found.step)
        yield Sighting("exact", first.case, first.step, first.quantity, np.inf)


def _beyond(lane: str, name: str, compared: Iterable[tuple[Comparison, np.ndarray]]) -> Iterator[Sighting]:
    """The first step at which a ratio exceeds 1, with the largest ratio of all."""
    found = [(c.first_step + int(np.argmax(ratio > 1)), c, ratio) for c, ratio in compared if (ratio > 1).any()]
    if found:
        step, first, _ = min(found, key=lambda hit: hit[0])
        yield Sighting(lane, name, step, first.quantity, max(float(ratio.max()) for _, _, ratio in found))
