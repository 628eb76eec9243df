"""What a certificate, its twins included, costs beside the Keras run that it checks.

Warm, both with graphs that are traced already; cold, each with a recorder of its own.
"""

from dataclasses import replace

from compare.bench.clock import timed
from compare.bench.plan import Goal, Group, Measurement, Prepared, Size, Wrong, require
from reference import Adam, Experiment, Parameters

__all__ = ["GROUP"]

STEPS = 2000
MOST = {"warm": 2.0, "cold": 3.0}  # times the Keras run
START = Parameters(w=1.5, b=0.25, v=0.5, d=0.25)
EXPERIMENTS = {
    "w, SGD, float32": Experiment(),
    "(w, b), Adam, float32": Experiment(initial=START, trainable=("w", "b"), optimizer=Adam()),
    "(w, b, v, d), Adam, float64": Experiment(
        initial=START, trainable=("w", "b", "v", "d"), optimizer=Adam(learning_rate=0.01), dtype="float64"
    ),
}


def _pair(label: str, when: str) -> tuple[Measurement, Measurement]:
    """The Keras run and its certificate."""

    def prepare(size: Size, certified: bool) -> Prepared:
        require("keras")
        import keras_impl
        from compare import certify

        experiment = replace(EXPERIMENTS[label], batch_size=size.samples, steps=size.scaled(STEPS))
        recorder = keras_impl.Recorder()
        certificate = certify(experiment, recorder=recorder)  # traces
        if not certificate.agrees:
            raise Wrong(certificate.why_not)

        def run() -> object:
            one = keras_impl.Recorder() if when == "cold" else recorder
            return (certify if certified else keras_impl.train)(experiment, recorder=one)

        details = {"steps": experiment.steps, "samples": size.samples, "observed_over_bound": certificate.worst}
        return Prepared(timed(run), experiment.steps, details)

    keras = Measurement(f"Keras, {when}: {label}", lambda size: prepare(size, certified=False))
    goal = Goal("ratio", at_most=MOST[when])
    name = f"certify, {when}: {label}"
    return keras, Measurement(name, lambda size: prepare(size, certified=True), goal, baseline=keras.name)


GROUP = Group(
    name="certificates",
    title="a certificate beside the Keras run that it checks, batches of {samples}",
    unit="µs a step",
    baseline="",
    measurements=tuple(one for label in EXPERIMENTS for when in MOST for one in _pair(label, when)),
)
