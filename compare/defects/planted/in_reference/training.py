"""Defects planted in the reference's training loop and in what its optimizers share."""

from functools import partial

from compare.defects.defect import MISSED_FIRST, Substitution, defects

__all__ = ["DEFECTS"]

in_training = partial(Substitution, "reference.training")
in_base = partial(Substitution, "reference.optimizers.base")

_BATCHES = "zip(x_block, y_block, strict=True)"
_STARTED = "parameters, state = start(experiment)"
_STEP = "parameters, state = experiment.optimizer.step(parameters, gradient, state)"
_NEXT = "OptimizerState(state.iterations + 1, slots)"
_UPDATE = "self.update(w, g, state.iterations, mine)"

DEFECTS = defects(
    "formula",
    {
        ("labels-off-by-one", "relu"): (
            "Each batch is trained on the labels of the batch before.",
            "cran/deepnet#1: mini-batches of inputs and of outputs do not match",
            in_training(_BATCHES, "zip(x_block, np.roll(y_block, 1, axis=0), strict=True)"),
        ),
        ("batches-off-by-one", "relu"): (
            "Training starts with the second batch.",
            "plausible slip: one batch is drawn to look at its shape",
            in_training(_BATCHES, "zip(np.roll(x_block, -1, axis=0), np.roll(y_block, -1, axis=0), strict=True)"),
        ),
        ("first-batch-reused", "relu"): (
            "Every step sees the first batch.",
            "plausible slip: the iterator over the batches is made anew in every step",
            in_training(_BATCHES, "zip([x_block[0]] * len(x_block), [y_block[0]] * len(x_block), strict=True)"),
        ),
        ("last-sample-dropped", "relu"): (
            "The last sample of each batch is never seen.",
            "plausible slip: a range that ends one short",
            in_training(_BATCHES, "zip(x_block[:, :-1], y_block[:, :-1], strict=True)"),
        ),
        ("labels-from-own-activation", "leaky"): (
            "The labels are leaky ReLU of x: the teacher got the student's slope.",
            "plausible slip: y from the wrong teacher",
            in_training(_BATCHES, "zip(x_block, np.where(x_block > 0, x_block, slope * x_block), strict=True)"),
        ),
        ("slots-not-reset", "momentum", MISSED_FIRST): (
            "A run starts with the optimizer state that the run before left behind.",
            "keras-team/keras#454: momentum leaks from one cross-validation fold into the next",
            in_training(_STARTED, f"{_STARTED}\n    state = getattr(_step_by_step, experiment.dtype, state)"),
            in_training(_STEP, f"{_STEP}\n                setattr(_step_by_step, experiment.dtype, state)"),
        ),
        ("step-count-stands-still", "adam"): (
            "The step count never grows: every step is corrected as if it were the first.",
            "allenai/OLMo-core#317: the step is not incremented, so the bias correction never fades",
            in_base(_NEXT, "OptimizerState(state.iterations, slots)"),
        ),
        ("step-counted-per-parameter", "adam"): (
            "The step count grows once for every parameter.",
            "DiffSharp/DiffSharp#292: the step is incremented for each parameter, not once per iteration",
            in_base(_NEXT, "OptimizerState(state.iterations + sum(g is not None for g in gradient), slots)"),
        ),
        ("slots-shared", "momentum"): (
            "All parameters read the slot of w.",
            "plausible slip: state looked up by position of the wrong loop",
            in_base(
                "mine = {name: state.slots[name][i] for name in names}",
                "mine = {name: state.slots[name][0] for name in names}",
            ),
        ),
        ("gradient-clipped-at-1", "sgd"): (
            "Each derivative is clipped to [-1, 1] before the step.",
            "neuroailab/tfutils#115: gradients are always clipped to 1.0",
            in_base(_UPDATE, "self.update(w, -np.maximum(-np.maximum(g, -1), -1), state.iterations, mine)"),
        ),
        ("weight-kept-nonnegative", "sgd"): (
            "Parameters are clipped at 0 after each step.",
            "plausible slip: a constraint copied along with a layer",
            in_base(
                f"new[i], mine = {_UPDATE}", f"new[i], mine = {_UPDATE}\n            new[i] = np.maximum(new[i], 0)"
            ),
        ),
        ("gradient-noise-floor", "sgd", MISSED_FIRST): (
            "Derivatives below 1e-8 count as zero.",
            "plausible slip: a threshold against noise left switched on",
            in_base(_UPDATE, "self.update(w, np.where(np.absolute(g) > 1e-8, g, 0 * g), state.iterations, mine)"),
        ),
        ("constants-in-double", "momentum", MISSED_FIRST): (
            "Settings are not rounded through float32, as Keras does on TensorFlow: 0.9 is 0.9.",
            "tensorflow/tensorflow#35938: tf.cast of a Python float to float64 passes through float32",
            in_base("rounded = np.float32(value)", "rounded = dtype.type(value)"),
        ),
        ("velocity-starts-at-one", "rmsprop"): (
            "Slots start at 1, not 0.",
            "google-deepmind/optax#49: TensorFlow 1 starts the mean square at ones, Keras at zeros",
            in_base(
                "dict.fromkeys(self.slots, zeros)", "dict.fromkeys(self.slots, Parameters(*(z + 1 for z in zeros)))"
            ),
        ),
    },
)
