"""Defects that act under a condition: late, at one size, for one sign, or in one mode."""

from functools import partial

from compare.defects.defect import Substitution, defects
from compare.defects.planted.keras_methods import keras_ops, loss_times, sgd_from

__all__ = ["DEFECTS"]

in_base = partial(Substitution, "reference.optimizers.base")
in_adam = partial(Substitution, "reference.optimizers.adam")
in_neuron = partial(Substitution, "reference.neuron")
in_recorder = partial(Substitution, "keras_impl.recorders.common")

_UPDATE = "self.update(w, g, state.iterations, mine)"
_UPSTREAM = "residual * 2 / x.shape[-1]"
_AGE = "t = np.add(iterations, 1, dtype=dtype_of(w))"
_BUILT = "self.optimizer = (own or build_optimizer)(experiment.optimizer)"

_LITTLE = 1e-3  # half of the long run is below it

_UNASKED = "plausible slip: a schedule that takes effect where none was asked for"
_ONE_SIZE = "deeplearning4j/deeplearning4j#1452: gradients are divided by a wrong amount at batch size 1"
_SMALL = "openxla/xla#13054: the gradient is wrong for weights below a size, and only in large batches"
_COMPILED = "tensorflow/tensorflow#116258: gradients are off where jit_compile=True"
_SIGN = "plausible slip: one of two branches changed"

DEFECTS = defects(
    "condition",
    {
        ("late-gradient-larger", "long"): (
            "After a thousand steps the gradient is 1 % too large.",
            _UNASKED,
            in_base(_UPDATE, _UPDATE.replace("g,", "np.where(state.iterations > 1000, g * 1.01, g),")),
        ),
        ("keras-late-gradient-larger", "long"): (
            "After a thousand steps the gradient is 1 % too large.",
            _UNASKED,
            sgd_from(lambda sgd, g, w: keras_ops().where(sgd.iterations > 1000, g * 1.01, g)),
        ),
        ("late-adam-count-stops", "long-adam"): (
            "The bias correction of Adam stops at step 1000.",
            "plausible slip: powers kept in a table that ends",
            in_adam(_AGE, f"{_AGE}\n        t = np.where(t > 1000, 0 * t + 1000, t)"),
        ),
        ("gradient-off-in-batches-of-1000", "batch-of-1000"): (
            "The gradient is 0.1 % too large in batches of 1000, and in no other.",
            _ONE_SIZE,
            in_neuron(_UPSTREAM, f"{_UPSTREAM} * (1.001 if x.shape[-1] == 1000 else 1)"),
        ),
        ("keras-loss-off-in-batches-of-1000", "batch-of-1000"): (
            "The loss is 0.1 % too large in batches of 1000, and in no other.",
            _ONE_SIZE,
            loss_times(lambda n: keras_ops().where(n == 1000, 1.001, 1.0)),
        ),
        ("positive-gradients-larger", "crossing"): (
            "Derivatives above 0 are 0.1 % too large.",
            _SIGN,
            in_base(_UPDATE, _UPDATE.replace("g,", "np.where(g > 0, g * 1.001, g),")),
        ),
        ("keras-positive-gradients-larger", "crossing"): (
            "Derivatives above 0 are 0.1 % too large.",
            _SIGN,
            sgd_from(lambda sgd, g, w: keras_ops().where(g > 0, g * 1.001, g)),
        ),
        ("positive-weights-faster", "crossing"): (
            "Derivatives by parameters above 0 are 0.1 % too large.",
            _SIGN,
            in_base(_UPDATE, _UPDATE.replace("g,", "np.where(w > 0, g * 1.001, g),")),
        ),
        ("keras-negative-weights-faster", "batch-of-1000"): (
            "Derivatives by parameters below 0 are 0.1 % too large.",
            _SIGN,
            sgd_from(lambda sgd, g, w: keras_ops().where(keras_ops().convert_to_tensor(w) < 0, g * 1.001, g)),
        ),
        ("small-gradients-larger", "long"): (
            "Derivatives below a thousandth are 1 % too large.",
            _SMALL,
            in_base(_UPDATE, _UPDATE.replace("g,", f"np.where(np.absolute(g) > {_LITTLE}, g, g * 1.01),")),
        ),
        ("keras-small-gradients-larger", "long"): (
            "Derivatives below a thousandth are 1 % too large.",
            _SMALL,
            sgd_from(lambda sgd, g, w: keras_ops().where(keras_ops().abs(g) < _LITTLE, g * 1.01, g)),
        ),
        ("keras-compiled-momentum-smaller", "compiled"): (
            "Compiled by XLA, momentum is 0.1 % smaller.",
            "plausible slip: a constant folded into the compiled kernel",
            in_recorder(_BUILT, f'{_BUILT}\n        self.optimizer.momentum *= 0.999 if mode == "xla" else 1'),
        ),
        ("keras-compiled-loss-summed", "compiled"): (
            "Compiled by XLA, the loss is the sum over the batch, and so is its gradient.",
            _COMPILED,
            in_recorder(
                "self.loss = keras.losses.MeanSquaredError()",
                'self.loss = keras.losses.MeanSquaredError("sum" if mode == "xla" else "sum_over_batch_size")',
            ),
        ),
    },
)
