"""Defects of what a run starts from, and of parameters that are not trained."""

from collections.abc import Callable
from typing import Any

from compare.defects.defect import in_keras, in_source, of_kind

__all__ = ["DEFECTS"]

_TRAINING = "reference.training"
_RECORDER = "keras_impl.recorder"

_START = "    return parameters, experiment.optimizer.init(parameters)"
_ASSIGNED = "variable.assign(np.full(variable.shape, value, experiment.dtype))"

_REFERENCE_SAYS = "The reference starts at w = -15, where -10 was asked for; {} hardly moves it."
_KERAS_SAYS = "Keras starts at w = -15, where -10 was asked for; {} hardly moves it."
_IGNORED = "MinishLab/model2vec#322: weights that were given are ignored when training starts"
_RESET = "tensorflow/tensorflow#40086: weights set by hand are not those that Ftrl starts from"
_MOVES = "dnouri/nolearn#201: weights change although they are not trainable"

_SLOW = {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop"}


def _bias_drifts(original: Any) -> Callable[..., Any]:
    """Call, after a bias that is not trained has grown a little."""

    def call(self: Any, inputs: Any) -> Any:
        if self.bias is not None and not self.bias.trainable:
            self.bias.assign_add(self.bias * 0 + 1e-3)
        return original(self, inputs)

    return call


DEFECTS = of_kind(
    "start",
    *(
        in_source(
            _TRAINING,
            f"start-at-minus-15-{name}",
            f"slow-{name}",
            _REFERENCE_SAYS.format(optimizer),
            _IGNORED,
            (_START, _START.replace("return parameters,", "return parameters._replace(w=parameters.w * 1.5),")),
            missed_first=True,
        )
        for name, optimizer in _SLOW.items()
    ),
    in_source(
        _TRAINING,
        "untrained-start-off",
        "untrained",
        "An output bias that is not trained starts a quarter too high.",
        "plausible slip: only what is trained is restored",
        (_START, _START.replace("return parameters,", "return parameters._replace(d=parameters.d + 0.25),")),
    ),
    in_source(
        "reference.optimizers.base",
        "untrained-drifts",
        "untrained",
        "Parameters that are not trained grow by a thousandth in every step.",
        _MOVES,
        ("            if g is None:\n", "            if g is None:\n                new[i] = w + 1e-3\n"),
    ),
    *(
        in_source(
            _RECORDER,
            f"keras-start-at-minus-15-{name}",
            f"slow-{name}",
            _KERAS_SAYS.format(optimizer),
            _RESET,
            (_ASSIGNED, _ASSIGNED.replace("value,", "value * 1.5,")),
            missed_first=True,
        )
        for name, optimizer in _SLOW.items()
    ),
    in_source(
        _RECORDER,
        "keras-untrained-start-off",
        "untrained",
        "Parameters that are not trained start a quarter too high.",
        "plausible slip: only what is trained is restored",
        (_ASSIGNED, _ASSIGNED.replace("value,", "value + (not variable.trainable) / 4,")),
    ),
    in_keras(
        "keras.layers:Dense.call",
        "keras-untrained-drifts",
        "untrained",
        "Biases that are not trained grow by a thousandth in every step.",
        _MOVES,
        _bias_drifts,
    ),
)
