"""Defects planted in the reference's training loop and in what its optimizers share."""

from compare.defects.defect import in_source

__all__ = ["DEFECTS"]


_TRAINING = "reference.training"
_BASE = "reference.optimizers.base"
_BATCHES = "zip(x_block, y_block, strict=True)"
_STEP = "parameters, state = experiment.optimizer.step(parameters, gradient, state)"
_NEXT = "OptimizerState(state.iterations + 1, slots)"
_UPDATE = "self.update(w, g, state.iterations, mine)"

DEFECTS = (
    in_source(
        _TRAINING,
        "labels-off-by-one",
        "relu",
        "Each batch is trained on the labels of the batch before.",
        "cran/deepnet#1: mini-batches of inputs and of outputs do not match",
        (_BATCHES, "zip(x_block, np.roll(y_block, 1, axis=0), strict=True)"),
    ),
    in_source(
        _TRAINING,
        "batches-off-by-one",
        "relu",
        "Training starts with the second batch.",
        "plausible slip: one batch is drawn to look at its shape",
        (_BATCHES, "zip(np.roll(x_block, -1, axis=0), np.roll(y_block, -1, axis=0), strict=True)"),
    ),
    in_source(
        _TRAINING,
        "first-batch-reused",
        "relu",
        "Every step sees the first batch.",
        "plausible slip: the iterator over the batches is made anew in every step",
        (_BATCHES, "zip([x_block[0]] * len(x_block), [y_block[0]] * len(x_block), strict=True)"),
    ),
    in_source(
        _TRAINING,
        "last-sample-dropped",
        "relu",
        "The last sample of each batch is never seen.",
        "plausible slip: a range that ends one short",
        (_BATCHES, "zip(x_block[:, :-1], y_block[:, :-1], strict=True)"),
    ),
    in_source(
        _TRAINING,
        "labels-from-own-activation",
        "leaky",
        "The labels are leaky ReLU of x: the teacher got the student's slope.",
        "plausible slip: y from the wrong teacher",
        (_BATCHES, "zip(x_block, np.where(x_block > 0, x_block, slope * x_block), strict=True)"),
    ),
    in_source(
        _TRAINING,
        "slots-not-reset",
        "momentum",
        "A run starts with the optimizer state that the run before left behind.",
        "keras-team/keras#454: momentum leaks from one cross-validation fold into the next",
        (
            "parameters, state = start(experiment)",
            "parameters, state = start(experiment)\n    state = getattr(_sample_by_sample, experiment.dtype, state)",
        ),
        (_STEP, f"{_STEP}\n                setattr(_sample_by_sample, experiment.dtype, state)"),
        missed_first=True,
    ),
    in_source(
        _BASE,
        "step-count-stands-still",
        "adam",
        "The step count never grows: every step is corrected as if it were the first.",
        "allenai/OLMo-core#317: the step is not incremented, so the bias correction never fades",
        (_NEXT, "OptimizerState(state.iterations, slots)"),
    ),
    in_source(
        _BASE,
        "step-counted-per-parameter",
        "adam",
        "The step count grows once for every parameter.",
        "DiffSharp/DiffSharp#292: the step is incremented for each parameter, not once per iteration",
        (_NEXT, "OptimizerState(state.iterations + sum(g is not None for g in gradient), slots)"),
    ),
    in_source(
        _BASE,
        "slots-shared",
        "momentum",
        "All parameters read the slot of w.",
        "plausible slip: state looked up by position of the wrong loop",
        (
            "mine = {name: state.slots[name][i] for name in self.slots}",
            "mine = {name: state.slots[name][0] for name in self.slots}",
        ),
    ),
    in_source(
        _BASE,
        "gradient-clipped-at-1",
        "sgd",
        "Each derivative is clipped to [-1, 1] before the step.",
        "neuroailab/tfutils#115: gradients are always clipped to 1.0",
        (_UPDATE, "self.update(w, -np.maximum(-np.maximum(g, -1), -1), state.iterations, mine)"),
    ),
    in_source(
        _BASE,
        "weight-kept-nonnegative",
        "sgd",
        "Parameters are clipped at 0 after each step.",
        "plausible slip: a constraint copied along with a layer",
        (f"new[i], mine = {_UPDATE}", f"new[i], mine = {_UPDATE}\n            new[i] = np.maximum(new[i], 0)"),
    ),
    in_source(
        _BASE,
        "gradient-noise-floor",
        "sgd",
        "Derivatives below 1e-8 count as zero.",
        "plausible slip: a threshold against noise left switched on",
        (_UPDATE, "self.update(w, np.where(np.absolute(g) > 1e-8, g, 0 * g), state.iterations, mine)"),
        missed_first=True,
    ),
    in_source(
        _BASE,
        "constants-in-double",
        "momentum",
        "Settings are not rounded through float32, as Keras does on TensorFlow: 0.9 is 0.9.",
        "tensorflow/tensorflow#35938: tf.cast of a Python float to float64 passes through float32",
        ("rounded = np.float32(value)", "rounded = dtype.type(value)"),
        missed_first=True,
    ),
    in_source(
        _BASE,
        "velocity-starts-at-one",
        "rmsprop",
        "Slots start at 1, not 0.",
        "google-deepmind/optax#49: TensorFlow 1 starts the mean square at ones, Keras at zeros",
        ("dict.fromkeys(self.slots, zeros)", "dict.fromkeys(self.slots, Parameters(*(z + 1 for z in zeros)))"),
    ),
)
