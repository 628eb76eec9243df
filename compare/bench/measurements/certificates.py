"""What a certificate, its twins included, costs beside the Keras run that it checks.

Warm, both with graphs that are traced already; cold, each with a recorder of its own.
"""

from collections.abc import Callable
from dataclasses import replace

from compare.bench.clock import timed
from compare.bench.plan import Group, Measurement, NotInstalled, Prepared, Size, Wrong
from compare.bench.results import Meant
from compare.system.command_line import KerasMissing, start_keras
from reference import Adam, Experiment, Parameters

__all__ = ["GROUP"]

STEPS = 2000
MOST_WARM, MOST_COLD = 2.5, 3.0  # times the Keras run
START = Parameters(w=1.5, b=0.25, v=0.5, d=0.25)
EXPERIMENTS = {
    "w, SGD, float32": Experiment(),
    "(w, b), Adam, float32": Experiment(initial=START, trainable=("w", "b"), optimizer=Adam()),
    "(w, b, v, d), Adam, float64": Experiment(
        initial=START, trainable=("w", "b", "v", "d"), optimizer=Adam(learning_rate=0.01), dtype="float64"
    ),
}


def _row(label: str, certified: bool, cold: bool) -> Measurement:
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
            raise Wrong(certificate.why_not)
        work: Callable[..., object] = certify if certified else keras_impl.train

        def run() -> object:
            return work(experiment, recorder=keras_impl.Recorder() if cold else recorder)

        details = {"steps": experiment.steps, "samples": size.samples, "observed_over_bound": certificate.worst}
        return Prepared(timed(run), experiment.steps, details)

    when = "cold" if cold else "warm"
    if not certified:
        return Measurement(f"Keras, {when}: {label}", prepare)
    meant = Meant("ratio", at_most=MOST_COLD if cold else MOST_WARM)
    return Measurement(f"certify, {when}: {label}", prepare, meant, against=f"Keras, {when}: {label}")


GROUP = Group(
    name="certificates",
    says="a certificate beside the Keras run that it checks, batches of {samples}",
    unit="µs a step",
    per_amount=1e6,
    baseline="",
    measurements=tuple(
        _row(label, certified, cold) for label in EXPERIMENTS for cold in (False, True) for certified in (False, True)
    ),
)
