"""Defects of the samples and labels that a run is trained on."""

from functools import partial

from compare.defects.defect import MISSED_FIRST, Substitution, defects

__all__ = ["DEFECTS"]

in_experiment = partial(Substitution, "reference.experiment")
in_recorder = partial(Substitution, "keras_impl.recorders.common")

_DRAWN = "rng.standard_normal((steps, experiment.batch_size))"
_SEEDED = "    rng = np.random.default_rng(experiment.seed)"
_LABELS = "y = experiment.target.labels(x)"
_FED = "self.run(x, y)"

_SPREAD = "GalSim-developers/GalSim#630: confusion between variance and standard deviation of noise"
_UNSEEDED = "vanvalenlab/deepcell-tf#162: the seed is taken and not handed to the generator"
_HALF = "plausible slip: data stored in half precision"

DEFECTS = defects(
    "data",
    {
        ("samples-of-variance-1.21", "batch-of-1000", MISSED_FIRST): (
            "Samples have the standard deviation 1.1.",
            _SPREAD,
            in_experiment(_DRAWN, f"(1.1 * {_DRAWN})"),
        ),
        ("samples-through-half-precision", "batch-of-1000", MISSED_FIRST): (
            "Samples are rounded to float16 on the way.",
            _HALF,
            in_experiment(_DRAWN, f"{_DRAWN}.astype(np.float16)"),
        ),
        ("seed-ignored", "seeded", MISSED_FIRST): (
            "Whatever the seed, the samples are those of seed 0.",
            _UNSEEDED,
            in_experiment(_SEEDED, "    rng = np.random.default_rng(0)"),
        ),
        ("seed-used-in-every-block", "momentum-in-blocks", MISSED_FIRST): (
            "Every block of batches is drawn from the seed anew, so all are the same.",
            "plausible slip: the generator made inside the loop",
            in_experiment(_DRAWN, _DRAWN.replace("rng", "np.random.default_rng(experiment.seed)")),
        ),
        ("labels-off", "batch-of-1000", MISSED_FIRST): (
            "Labels are a thousandth too large.",
            "plausible slip: y from the wrong teacher",
            in_experiment(_LABELS, f"{_LABELS} + x.dtype.type(1e-3)"),
        ),
        ("labels-through-half-precision", "batch-of-1000", MISSED_FIRST): (
            "Labels are rounded to float16 on the way.",
            _HALF,
            in_experiment(_LABELS, f"{_LABELS}.astype(np.float16).astype(x.dtype)"),
        ),
        ("keras-samples-of-variance-1.21", "batch-of-1000"): (
            "Keras is handed samples that are 1.1 times as large.",
            _SPREAD,
            in_recorder(_FED, _FED.replace("x,", "x * 1.1,")),
        ),
        ("keras-labels-off", "batch-of-1000"): (
            "Keras is handed labels that are a thousandth too large.",
            "plausible slip: y from the wrong teacher",
            in_recorder(_FED, _FED.replace("y)", "y + 1e-3)")),
        ),
        ("keras-labels-of-the-batch-before", "batch-of-1000"): (
            "Keras is handed the labels of the batch before.",
            "cran/deepnet#1: mini-batches of inputs and of outputs do not match",
            in_recorder(_FED, _FED.replace("y)", "np.roll(y, 1, axis=0))")),
        ),
    },
)
