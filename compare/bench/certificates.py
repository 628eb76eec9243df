"""What a certificate costs beside the Keras run that it checks."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from compare.bench.clock import timed
from compare.bench.plan import Group, Measurement, NotInstalled, Prepared, Size, Wrong
from compare.bench.results import Meant
from compare.command_line import KerasMissing, start_keras
from reference import Adam, Experiment, Parameters

__all__ = ["GROUP"]

STEPS = 2000
START = Parameters(w=1.5, b=0.25, v=0.5, d=0.25)
EXPERIMENTS = {
    "w, SGD, float32": Experiment(),
    "(w, b), Adam, float32": Experiment(initial=START, trainable=("w", "b"), optimizer=Adam()),
    "(w, b, v, d), Adam, float64": Experiment(
        initial=START, trainable=("w", "b", "v", "d"), optimizer=Adam(learning_rate=0.01), dtype="float64"
    ),
}


def _row(label: str, certified: bool) -> Measurement:
    def prepare(size: Size) -> Prepared:
        try:
            start_keras()
        except KerasMissing:
            raise NotInstalled("keras") from None
        import keras_impl
        from compare import certify

        experiment = replace(EXPERIMENTS[label], batch_size=size.samples, steps=size.some(STEPS))
        recorder = keras_impl.Recorder()
        certificate = certify(experiment, recorder=recorder)  # traces
        if not certificate.agrees:
            raise Wrong(f"{certificate.first_disagreement}")
        run: Callable[..., object] = certify if certified else keras_impl.train
        details = {"steps": experiment.steps, "samples": size.samples, "observed_over_bound": certificate.worst}
        return Prepared(timed(partial(run, experiment, recorder=recorder)), experiment.steps, details)

    if not certified:
        return Measurement(f"Keras: {label}", prepare)
    return Measurement(f"certify: {label}", prepare, Meant("ratio", at_most=3.0), against=f"Keras: {label}")


GROUP = Group(
    name="certificates",
    says="a certificate beside the Keras run that it checks, batches of {samples}",
    unit="µs a step",
    per_amount=1e6,
    baseline="",
    measurements=tuple(_row(label, certified) for label in EXPERIMENTS for certified in (False, True)),
)
