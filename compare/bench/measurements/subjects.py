"""What a step of each subject costs: as its users train it, recorded, and certified.

All are given the same batches, which are drawn before. Each subject has a process of its own,
since Keras has one backend a process; the processes take turns in the same rounds.
"""

import importlib.util
import os
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from compare.bench.clock import timed
from compare.bench.elsewhere import Elsewhere
from compare.bench.plan import Group, Measurement, NotInstalled, Prepared, Size, Wrong
from reference import Adam, Experiment, Parameters, draw_batches
from reference.experiment import Batches
from reference.optimizers import translate
from reference.subject import Record, Subject

__all__ = ["GROUP", "Entrant", "prepare_here", "require_agreement"]

CHECKED = 3  # steps of the training without recording
EXPERIMENTS = {
    "w, SGD": Experiment(),
    "all four, Adam": Experiment(
        initial=Parameters(w=1.5, b=0.25, v=0.5, d=0.25),
        trainable=("w", "b", "v", "d"),
        optimizer=Adam(learning_rate=0.01),
    ),
}
RECORDED, CERTIFIED, WITH_TWINS = "recorded", "certified, without twins", "certified, with twins"

Train = Callable[[np.ndarray, np.ndarray], Parameters]


class Entrant(NamedTuple):
    """A subject, and how its users train."""

    name: str
    subject: str  # for `compare.certify`
    needs: tuple[str, ...]  # packages
    own: dict[str, str]  # "module:builder" of each way, by what it is called; the first is the baseline
    steps: int  # of a round; 2000, as an experiment has by default, unless that takes long
    backend: str = ""  # of Keras


FIT = {"model.fit": "keras_impl.fit:Fit"}
LOOP = {"a loop of its own": "compare.bench.rivals.torch_loop:build"}
STEPS = {
    "a jitted step a batch": "compare.bench.rivals.jax_steps:build",
    "one scan, end only": "compare.bench.rivals.jax_steps:build_scan",
}
ENTRANTS = {
    entrant.name: entrant
    for entrant in (
        Entrant("Keras on TensorFlow", "keras", ("keras", "tensorflow"), FIT, 2000, "tensorflow"),
        Entrant("Keras on JAX", "keras", ("keras", "jax"), FIT, 2000, "jax"),
        Entrant("Keras on PyTorch", "keras", ("keras", "torch"), FIT, 100, "torch"),
        Entrant("PyTorch", "torch", ("torch",), LOOP, 500),
        Entrant("JAX with optax", "jax", ("jax", "optax"), STEPS, 2000),
    )
}


class Ends:
    """A subject that shows parameters only: after each step, those at the end of a training that long."""

    def __init__(self, subject: Subject, train: Train) -> None:
        self._subject, self._train = subject, train

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subject, name)

    def record(self, experiment: Experiment, batches: Batches | None = None) -> Iterator[Record]:
        """Train for one step, for two, and so on."""
        x, y = batches or draw_batches(experiment)
        path = [experiment.initial, *(self._train(x[:steps], y[:steps]) for steps in range(1, len(x) + 1))]
        unknown: Any = None
        parameters = Parameters(*(np.array(column, experiment.dtype) for column in zip(*path, strict=True)))
        yield Record(0, x, y, parameters, {}, unknown, unknown, Parameters(*[unknown] * len(path[0])))


def require_agreement(experiment: Experiment, batches: Batches, subject: Any, *, twins: bool = False) -> float:
    """Observed difference over bound of a certificate; raises Wrong if it does not agree."""
    from compare import certify

    certificate = certify(experiment, recorder=subject, batches=batches, twins=twins)
    if not certificate.agrees:
        raise Wrong(certificate.why_not)
    return float(certificate.worst)


def prepare_here(entrant: str, label: str, what: str, size: tuple[int, int, float]) -> Prepared:
    """In a process for this subject: check and warm up one of the measurements."""
    from compare import certify

    experiment, batches, subject = _setting(entrant, label, Size(*size))
    if what in ENTRANTS[entrant].own:
        train: Train = pkgutil.resolve_name(ENTRANTS[entrant].own[what])(experiment)
        short = replace(experiment, steps=min(CHECKED, experiment.steps))
        first = batches[0][: short.steps], batches[1][: short.steps]
        worst = require_agreement(short, first, Ends(subject, train))
        work: Callable[[], object] = partial(train, *batches)
    else:
        worst = require_agreement(experiment, batches, subject, twins=what == WITH_TWINS)
        if what == RECORDED:
            work = partial(_record, subject, experiment, batches)
        else:
            work = partial(certify, experiment, recorder=subject, batches=batches, twins=what == WITH_TWINS)
    work()
    details = {"steps": experiment.steps, "samples": experiment.batch_size, "dtype": experiment.dtype}
    return Prepared(timed(work), experiment.steps, {**details, "subject": subject.name, "observed_over_bound": worst})


def _record(subject: Subject, experiment: Experiment, batches: Batches) -> list[Record]:
    return list(subject.record(experiment, batches))


@cache
def _setting(entrant: str, label: str, size: Size) -> tuple[Experiment, Batches, Subject]:
    """An experiment in the formulas of this subject, its batches, and the subject, which all measurements share."""
    subject = _opened(ENTRANTS[entrant].subject)
    experiment = EXPERIMENTS[label]
    optimizer = experiment.optimizer if subject.system == "keras" else translate(experiment.optimizer, subject.system)
    steps = size.scaled(ENTRANTS[entrant].steps)
    experiment = replace(experiment, optimizer=optimizer, batch_size=size.samples, steps=steps)
    return experiment, draw_batches(experiment), subject


@cache
def _opened(name: str) -> Subject:
    from compare.subjects import open_subject

    try:
        return open_subject(name)
    except ImportError as error:
        raise NotInstalled(str(error)) from None


_PROCESSES: WeakValueDictionary[str, Elsewhere] = WeakValueDictionary()  # as long as there are jobs of theirs


def _prepare(size: Size, entrant: Entrant, label: str, what: str) -> Prepared:
    """Have a measurement prepared in the subject's process, which is started if there is none."""
    for package in entrant.needs:
        if importlib.util.find_spec(package) is None:
            raise NotInstalled(package)
    process = _PROCESSES.get(entrant.name)
    if process is None:
        backend = {"KERAS_BACKEND": entrant.backend} if entrant.backend else {}
        process = Elsewhere(f"{__name__}:prepare_here", {**os.environ, **backend})
        _PROCESSES[entrant.name] = process
    return process.prepare(entrant.name, label, what, size)


def _rows(entrant: Entrant, label: str) -> Iterator[Measurement]:
    """What users do, the recorder beside it, and certificates beside the recorder."""
    own, *others = entrant.own
    named = {what: f"{entrant.name}, {label}: {what}" for what in (own, *others, RECORDED, CERTIFIED, WITH_TWINS)}
    for what, name in named.items():
        baseline = {own: "", CERTIFIED: named[RECORDED], WITH_TWINS: named[RECORDED]}.get(what, named[own])
        yield Measurement(name, partial(_prepare, entrant=entrant, label=label, what=what), baseline=baseline)


GROUP = Group(
    name="subjects",
    title="every subject on the same batches of {samples}, float32: the recorder beside what its users do, certificates"
    " beside the recorder",
    unit="µs a step",
    baseline="",
    measurements=tuple(row for entrant in ENTRANTS.values() for label in EXPERIMENTS for row in _rows(entrant, label)),
)
