"""One trajectory, the question's own: cost of a step, with the drawing of its batch."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from compare.bench.agreement import require_one_step
from compare.bench.clock import Reading, timed
from compare.bench.plan import Group, Measurement, NotInstalled, Prepared, Size, Wrong
from compare.bench.results import Meant
from compare.system.command_line import KerasMissing, start_keras
from reference import Experiment, Parameters, draw_batches, train

__all__ = ["GROUP"]

STEPS = 2000
OF_AN_EPOCH = 100  # as in the question
CHECKED = 20  # steps


def _experiment(size: Size, steps: int) -> Experiment:
    return Experiment(batch_size=size.samples, steps=size.some(steps))


def _by_reference(name: str, method: str, record: str) -> Measurement:
    def prepare(size: Size) -> Prepared:
        experiment = _experiment(size, STEPS)
        first = replace(experiment, steps=1)
        end = train(first, record="end", method=method).end
        one = replace(first, initial=Parameters(w=np.array([first.initial.w])))
        worst = require_one_step(one, draw_batches(first), Parameters(*(np.reshape(p, 1) for p in end)))
        work = timed(lambda: train(experiment, record=record, method=method))
        work()
        return Prepared(work, experiment.steps, _details(experiment, observed_over_bound=worst))

    return Measurement(name, prepare)


def _by_graph(mode: str) -> Measurement:
    def prepare(size: Size) -> Prepared:
        _start_keras()
        import keras_impl
        from compare import certify

        experiment = _experiment(size, STEPS)
        recorder = keras_impl.Recorder(mode)
        certificate = certify(replace(experiment, steps=min(CHECKED, experiment.steps)), recorder=recorder)
        if not certificate.agrees:
            raise Wrong(f"{certificate.first_disagreement}")
        work = timed(lambda: keras_impl.train(experiment, recorder=recorder))
        work()
        return Prepared(work, experiment.steps, _details(experiment, observed_over_bound=certificate.worst))

    return Measurement(f"Keras, all steps in one graph{', by XLA' if mode == 'xla' else ''}", prepare)


def _by_fit(size: Size) -> Prepared:
    """The whole of it: the model is built, the first step traced, all steps are taken."""
    learn = _checked_fit(size)
    steps = size.some(OF_AN_EPOCH)
    epochs = size.some(STEPS) // steps
    work = timed(lambda: learn(epochs=epochs, steps_per_epoch=steps, batch_size=size.samples))
    return Prepared(work, steps * epochs, {"steps": steps * epochs, "samples": size.samples})


def _by_fit_once_traced(size: Size) -> Prepared:
    learn = _checked_fit(size)
    steps, epochs = size.some(OF_AN_EPOCH), 3

    def job() -> Reading:
        """Without the first epoch, before which the model is built and in which the step is traced."""
        read: list[Reading] = []

        def note(epoch: object) -> None:
            read.append(Reading(time.process_time(), time.perf_counter()))

        learn(epochs=epochs, steps_per_epoch=steps, batch_size=size.samples, watch=note)
        return Reading(read[-1].amount - read[0].amount, read[-1].wall - read[0].wall)

    return Prepared(job, steps * (epochs - 1), {"steps": steps * (epochs - 1), "samples": size.samples})


def _checked_fit(size: Size) -> Callable[..., Any]:
    """`keras_impl.question.learn`, once it is sure that it ends at the very w of the run in one graph."""
    _start_keras()
    import keras_impl
    from keras_impl.question import learn

    short = Experiment(batch_size=size.samples, steps=size.some(CHECKED))
    ours = float(keras_impl.train(short, record="end").end.w)
    theirs = learn(epochs=1, steps_per_epoch=short.steps, batch_size=size.samples)[-1].weight
    if ours != theirs:
        raise Wrong(f"w is {theirs!r} after {short.steps} steps, in one graph {ours!r}")
    return learn


def _start_keras() -> None:
    try:
        start_keras()
    except KerasMissing:
        raise NotInstalled("keras") from None


def _details(experiment: Experiment, **found: object) -> dict[str, object]:
    return {"steps": experiment.steps, "samples": experiment.batch_size, "dtype": experiment.dtype, **found}


GROUP = Group(
    name="trajectory",
    says="one trajectory, the question's own: w from -10 by SGD in float32, batches of {samples} drawn on the way",
    unit="µs a step",
    per_amount=1e6,
    baseline="reference.train, from two sums a batch",
    measurements=(
        _by_reference("reference.train, from two sums a batch", "moments", "end"),
        _by_reference("reference.train, every step recorded", "neuron", "all"),
        Measurement("Keras, model.fit as in the question", _by_fit, Meant("ratio", at_least=50.0)),
        Measurement("Keras, model.fit once it is traced", _by_fit_once_traced),
        _by_graph("graph"),
        _by_graph("xla"),
    ),
)
