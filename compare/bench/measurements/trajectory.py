"""One trajectory, the question's own: cost of a step, with the drawing of its batch."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from compare.bench.agreement import require_one_step
from compare.bench.clock import Reading, timed
from compare.bench.plan import Goal, Group, Measurement, Prepared, Size, Wrong, require
from reference import Experiment, Parameters, draw_batches, train

__all__ = ["GROUP"]

STEPS = 2000
OF_AN_EPOCH = 100  # as in the question
CHECKED = 20  # steps
FASTEST = "reference.train, from two sums a batch"


def _by_reference(size: Size, method: str, record: str) -> Prepared:
    experiment = Experiment(batch_size=size.samples, steps=size.scaled(STEPS))
    first = replace(experiment, steps=1)
    end = train(first, record="end", method=method).end
    ensemble = replace(first, initial=Parameters(w=np.array([first.initial.w])))
    worst = require_one_step(ensemble, draw_batches(first), Parameters(*(np.reshape(p, 1) for p in end)))
    return _warm(experiment, lambda: train(experiment, record=record, method=method), worst)


def _by_graph(size: Size, mode: str) -> Prepared:
    require("keras")
    import keras_impl
    from compare import certify

    experiment = Experiment(batch_size=size.samples, steps=size.scaled(STEPS))
    recorder = keras_impl.Recorder(mode)
    certificate = certify(replace(experiment, steps=min(CHECKED, experiment.steps)), recorder=recorder)
    if not certificate.agrees:
        raise Wrong(f"{certificate.first_disagreement}")
    return _warm(experiment, lambda: keras_impl.train(experiment, recorder=recorder), certificate.worst)


def _warm(experiment: Experiment, work: Callable[[], object], worst: float) -> Prepared:
    work()
    details = {"steps": experiment.steps, "samples": experiment.batch_size, "dtype": experiment.dtype}
    return Prepared(timed(work), experiment.steps, {**details, "observed_over_bound": worst})


def _by_fit(size: Size, skipped: int) -> Prepared:
    """All of it, or without so many epochs at the beginning: the first one builds the model and traces the step."""
    require("keras")
    import keras_impl
    from keras_impl.question import learn

    short = Experiment(batch_size=size.samples, steps=size.scaled(CHECKED))
    in_one_graph = float(keras_impl.train(short, record="end").end.w)
    by_fit = learn(epochs=1, steps_per_epoch=short.steps, batch_size=size.samples)[-1].weight
    if in_one_graph != by_fit:
        raise Wrong(f"w is {by_fit!r} after {short.steps} steps, in one graph {in_one_graph!r}")

    steps = size.scaled(OF_AN_EPOCH)
    epochs = 3 if skipped else size.scaled(STEPS) // steps

    def job() -> Reading:
        readings = [Reading.of_process()]
        learn(
            epochs=epochs,
            steps_per_epoch=steps,
            batch_size=size.samples,
            watch=lambda epoch: readings.append(Reading.of_process()),
        )
        end = readings[-1] if skipped else Reading.of_process()  # the whole of it, or up to the last epoch
        return end.minus(readings[skipped])

    measured = steps * (epochs - skipped)
    return Prepared(job, measured, {"steps": measured, "samples": size.samples})


GROUP = Group(
    name="trajectory",
    title="one trajectory, the question's own: w from -10 by SGD in float32, batches of {samples} drawn on the way",
    unit="µs a step",
    baseline=FASTEST,
    measurements=(
        Measurement(FASTEST, partial(_by_reference, method="moments", record="end")),
        Measurement("reference.train, every step recorded", partial(_by_reference, method="neuron", record="all")),
        Measurement("Keras, model.fit as in the question", partial(_by_fit, skipped=0), Goal("ratio", at_least=50.0)),
        Measurement("Keras, model.fit once it is traced", partial(_by_fit, skipped=1)),
        Measurement("Keras, all steps in one graph", partial(_by_graph, mode="graph")),
        Measurement("Keras, all steps in one graph, by XLA", partial(_by_graph, mode="xla")),
    ),
)
