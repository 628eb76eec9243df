"""One trajectory, the question's own: cost of a step, with the drawing of its batch."""

import time
from dataclasses import replace

import numpy as np

from compare.bench.agreement import require_one_step
from compare.bench.clock import Job, Reading, timed
from compare.bench.plan import Group, Measurement, NotInstalled, Prepared, Size, Wrong
from compare.bench.results import Meant
from compare.command_line import KerasMissing, start_keras
from reference import Experiment, Parameters, draw_batches, train

__all__ = ["GROUP"]

STEPS = 2000
OF_AN_EPOCH = 100  # as in the question
CHECKED = 20  # steps


def _experiment(size: Size, steps: int) -> Experiment:
    return Experiment(batch_size=size.samples, steps=size.some(steps))


def _by_reference(method: str) -> "Measurement":
    def prepare(size: Size) -> Prepared:
        experiment = _experiment(size, STEPS)
        first = replace(experiment, steps=1)
        end = train(first, record="end", method=method).end
        one = replace(first, initial=Parameters(w=np.array([first.initial.w])))
        worst = require_one_step(one, draw_batches(first), Parameters(*(np.reshape(p, 1) for p in end)))
        work = timed(lambda: train(experiment, method=method))
        work()
        return Prepared(work, experiment.steps, _details(experiment, observed_over_bound=worst))

    name = {"auto": "reference.train", "moments": 'reference.train, method="moments"'}[method]
    return Measurement(name, prepare)


def _by_graph(mode: str) -> "Measurement":
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
    _start_keras()
    import keras_impl
    from keras_impl.question import Epoch, learn

    steps, epochs = size.some(OF_AN_EPOCH), 3
    short = Experiment(batch_size=size.samples, steps=min(CHECKED, steps))
    ours = float(keras_impl.train(short, record="end").end.w)
    theirs = learn(epochs=1, steps_per_epoch=short.steps, batch_size=size.samples)[-1].weight
    if ours != theirs:
        raise Wrong(f"w is {theirs!r} after {short.steps} steps, in one graph {ours!r}")

    def job() -> Reading:
        """Without the first epoch, in which the step is traced."""
        read: list[tuple[float, float]] = []

        def note(epoch: Epoch) -> None:
            read.append((time.process_time(), time.perf_counter()))

        learn(epochs=epochs, steps_per_epoch=steps, batch_size=size.samples, watch=note)
        return Reading(read[-1][0] - read[0][0], read[-1][1] - read[0][1])

    checked: Job = job
    return Prepared(checked, steps * (epochs - 1), {"steps": steps * (epochs - 1), "samples": size.samples})


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
    baseline="reference.train",
    measurements=(
        _by_reference("auto"),
        _by_reference("moments"),
        Measurement("Keras, model.fit as in the question", _by_fit, Meant("ratio", at_least=50.0)),
        _by_graph("graph"),
        _by_graph("xla"),
    ),
)
