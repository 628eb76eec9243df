"""Defects of the samples and labels that a run is trained on."""

from compare.defects.defect import in_source, of_kind

__all__ = ["DEFECTS"]

_EXPERIMENT = "reference.experiment"
_RECORDER = "keras_impl.recorder"

_DRAWN = "rng.standard_normal((steps, experiment.batch_size))"
_SEEDED = "    rng = np.random.default_rng(experiment.seed)"
_LABELS = "y = experiment.target.labels(x)"
_FED = "self.loop(tf.constant(x), tf.constant(y))"

_SPREAD = "GalSim-developers/GalSim#630: confusion between variance and standard deviation of noise"
_UNSEEDED = "vanvalenlab/deepcell-tf#162: the seed is taken and not handed to the generator"
_HALF = "plausible slip: data stored in half precision"

DEFECTS = of_kind(
    "data",
    in_source(
        _EXPERIMENT,
        "samples-of-variance-1.21",
        "batch-of-1000",
        "Samples have the standard deviation 1.1.",
        _SPREAD,
        (_DRAWN, f"(1.1 * {_DRAWN})"),
        missed_first=True,
    ),
    in_source(
        _EXPERIMENT,
        "samples-through-half-precision",
        "batch-of-1000",
        "Samples are rounded to float16 on the way.",
        _HALF,
        (_DRAWN, f"{_DRAWN}.astype(np.float16)"),
        missed_first=True,
    ),
    in_source(
        _EXPERIMENT,
        "seed-ignored",
        "seeded",
        "Whatever the seed, the samples are those of seed 0.",
        _UNSEEDED,
        (_SEEDED, "    rng = np.random.default_rng(0)"),
        missed_first=True,
    ),
    in_source(
        _EXPERIMENT,
        "seed-used-in-every-block",
        "momentum-in-blocks",
        "Every block of batches is drawn from the seed anew, so all are the same.",
        "plausible slip: the generator made inside the loop",
        (_DRAWN, _DRAWN.replace("rng", "np.random.default_rng(experiment.seed)")),
        missed_first=True,
    ),
    in_source(
        _EXPERIMENT,
        "labels-off",
        "batch-of-1000",
        "Labels are a thousandth too large.",
        "plausible slip: y from the wrong teacher",
        (_LABELS, f"{_LABELS} + x.dtype.type(1e-3)"),
        missed_first=True,
    ),
    in_source(
        _EXPERIMENT,
        "labels-through-half-precision",
        "batch-of-1000",
        "Labels are rounded to float16 on the way.",
        _HALF,
        (_LABELS, f"{_LABELS}.astype(np.float16).astype(x.dtype)"),
        missed_first=True,
    ),
    in_source(
        _RECORDER,
        "keras-samples-of-variance-1.21",
        "batch-of-1000",
        "Keras is handed samples that are 1.1 times as large.",
        _SPREAD,
        (_FED, _FED.replace("(x)", "(x * 1.1)")),
    ),
    in_source(
        _RECORDER,
        "keras-labels-off",
        "batch-of-1000",
        "Keras is handed labels that are a thousandth too large.",
        "plausible slip: y from the wrong teacher",
        (_FED, _FED.replace("(y)", "(y + 1e-3)")),
    ),
    in_source(
        _RECORDER,
        "keras-labels-of-the-batch-before",
        "batch-of-1000",
        "Keras is handed the labels of the batch before.",
        "cran/deepnet#1: mini-batches of inputs and of outputs do not match",
        (_FED, _FED.replace("(y)", "(np.roll(y, 1, axis=0))")),
    ),
)
