"""Defects of what a run starts from, and of parameters that are not trained."""

from functools import partial
from typing import Any

from compare.defects.defect import MISSED_FIRST, Description, Key, Replacement, Substitution, defects

__all__ = ["DEFECTS"]

in_training = partial(Substitution, "reference.training")
in_base = partial(Substitution, "reference.optimizers.base")
in_recorder = partial(Substitution, "keras_impl.recorders.common")

_START = "    return parameters, experiment.optimizer.init(parameters)"
_ASSIGNED = "variable.assign(np.full(variable.shape, value, experiment.dtype))"

_IGNORED = "MinishLab/model2vec#322: weights that were given are ignored when training starts"
_RESET = "tensorflow/tensorflow#40086: weights set by hand are not those that Ftrl starts from"
_MOVES = "dnouri/nolearn#201: weights change although they are not trainable"


def _at_minus_15(side: str, name: str, source: str, patch: Substitution) -> dict[Key, Description]:
    """A start that is off in runs of three optimizers that hardly move it."""
    return {
        (f"{name}-{optimizer.lower()}", f"slow-{optimizer.lower()}", MISSED_FIRST): (
            f"{side} starts at w = -15, where -10 was asked for; {optimizer} hardly moves it.",
            source,
            patch,
        )
        for optimizer in ("SGD", "Adam", "RMSprop")
    }


def _bias_drifts(original: Any, self: Any, inputs: Any, training: Any = None) -> Any:
    if self.bias is not None and not self.bias.trainable:
        self.bias.assign_add(self.bias * 0 + 1e-3)
    return original(self, inputs)


DEFECTS = defects(
    "start",
    {
        **_at_minus_15(
            "The reference",
            "start-at-minus-15",
            _IGNORED,
            in_training(_START, _START.replace("parameters,", "parameters._replace(w=parameters.w * 1.5),")),
        ),
        ("untrained-start-off", "untrained"): (
            "An output bias that is not trained starts a quarter too high.",
            "plausible slip: only what is trained is restored",
            in_training(_START, _START.replace("parameters,", "parameters._replace(d=parameters.d + 0.25),")),
        ),
        ("untrained-drifts", "untrained"): (
            "Parameters that are not trained grow by a thousandth in every step.",
            _MOVES,
            in_base("            if g is None:\n", "            if g is None:\n                new[i] = w + 1e-3\n"),
        ),
        **_at_minus_15(
            "Keras",
            "keras-start-at-minus-15",
            _RESET,
            in_recorder(_ASSIGNED, _ASSIGNED.replace("value,", "value * 1.5,")),
        ),
        ("keras-untrained-start-off", "untrained"): (
            "Parameters that are not trained start a quarter too high.",
            "plausible slip: only what is trained is restored",
            in_recorder(_ASSIGNED, _ASSIGNED.replace("value,", "value + (not variable.trainable) / 4,")),
        ),
        ("keras-untrained-drifts", "untrained"): (
            "Biases that are not trained grow by a thousandth in every step.",
            _MOVES,
            Replacement("keras.layers:Dense.call", _bias_drifts),
        ),
    },
)
