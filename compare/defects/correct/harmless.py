"""Rewrites of either side that leave the mathematics alone: nothing may take them for defects.

They stand in the gallery beside the defects, planted in the same way, so that the table
shows what survives and why.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from compare.defects.defect import Defect, in_keras, in_source, of_kind
from compare.defects.planted.in_keras.steps import given, keras_ops

__all__ = ["DEFECTS"]

_NEURON = "reference.neuron"
_BASE = "reference.optimizers.base"
_TRAINING = "reference.training"
_RECORDER = "keras_impl.recorder"
_SGD = "keras.optimizers:SGD.update_step"
_SAME = "mathematically equal: "


def _same_in_either_branch(self: Any, gradient: Any, learning_rate: Any) -> tuple[Any, Any]:
    """Change for `given`: the gradient, whether it is finite or not, early or late."""
    ops = keras_ops()
    late = ops.where(self.iterations > 1000, gradient, ops.where(ops.isfinite(gradient), gradient, gradient))
    return late, learning_rate


def _loss_of_difference(original: Any) -> Callable[..., Any]:
    """The loss of the residual, with labels of 0."""
    return lambda self, y_true, y_pred: original(self, 0 * y_true, y_pred - y_true)


def _harmless(defect: Defect) -> Defect:
    return replace(defect, changes_mathematics=False, source=f"{_SAME}{defect.source}")


DEFECTS = tuple(
    map(
        _harmless,
        (
            in_source(
                _NEURON,
                "harmless-sum-reversed",
                "output",
                "The gradient of w is summed from the last sample to the first.",
                "another order of the same sum",
                ("(inward * x).sum(axis=-1)", "(inward * x)[..., ::-1].sum(axis=-1)"),
            ),
            in_source(
                _NEURON,
                "harmless-mean-of-quotients",
                "leaky",
                "The loss is the sum of the squares, each divided by n.",
                "the divisor taken into the sum",
                (
                    "np.square(residual).sum(axis=-1) / residual.shape[-1]",
                    "(np.square(residual) / residual.shape[-1]).sum(axis=-1)",
                ),
            ),
            in_source(
                _NEURON,
                "harmless-factor-2-last",
                "leaky",
                "The residual is divided by n first and doubled then.",
                "two factors exchanged",
                ("residual * 2 / x.shape[-1]", "residual / x.shape[-1] * 2"),
            ),
            in_source(
                "reference.optimizers.sgd",
                "harmless-velocity-added-last",
                "momentum",
                "The negative of the step comes first, then the old velocity is added.",
                "a - b = -b + a, also in floating point",
                ('m = slots["momentum"] * mu - g * lr', 'm = -(g * lr) + slots["momentum"] * mu'),
            ),
            in_source(
                "reference.optimizers.adam",
                "harmless-quotient-first",
                "adam",
                "The rate is divided by the root before it meets the moment.",
                "the factors of the step regrouped",
                (
                    "m * alpha / (np.sqrt(v) + scalar(self.epsilon))",
                    "m * (alpha / (np.sqrt(v) + scalar(self.epsilon)))",
                ),
            ),
            in_source(
                "reference.optimizers.rmsprop",
                "harmless-reciprocal-root",
                "rmsprop",
                "The step is multiplied by the reciprocal of the root.",
                "what TensorFlow's graph optimizer does with a quotient by a root",
                ("* g / np.sqrt(q)", "* g * (1 / np.sqrt(q))"),
            ),
            *of_kind(
                "start",
                in_source(
                    _TRAINING,
                    "harmless-start-in-halves",
                    "slow-sgd",
                    "w starts as the sum of its halves.",
                    "a doubling undone",
                    (
                        "    return parameters, experiment.optimizer.init(parameters)",
                        "    return parameters._replace(w=parameters.w / 2 + parameters.w / 2), "
                        "experiment.optimizer.init(parameters)",
                    ),
                ),
                in_source(
                    _RECORDER,
                    "keras-harmless-start-in-halves",
                    "slow-adam",
                    "Keras' variables are assigned half their start, and doubled.",
                    "a doubling undone",
                    (
                        "                variable.assign(np.full(variable.shape, value, experiment.dtype))",
                        "                variable.assign(np.full(variable.shape, value / 2, experiment.dtype))\n"
                        "                variable.assign_add(variable)",
                    ),
                ),
            ),
            *of_kind(
                "not finite",
                in_keras(
                    _SGD,
                    "keras-harmless-branches",
                    "diverging",
                    "The step asks whether the gradient is finite, and takes it either way.",
                    "branches that are alike",
                    given(_same_in_either_branch),
                ),
            ),
            *of_kind(
                "records",
                in_source(
                    _TRAINING,
                    "harmless-record-backwards",
                    "crossing",
                    "Losses are collected from the last step to the first and turned around.",
                    "an order reversed twice",
                    ("np.stack([loss for _, loss in seen])", "np.stack([loss for _, loss in seen[::-1]])[::-1]"),
                ),
            ),
            *of_kind(
                "borders",
                in_source(
                    _TRAINING,
                    "harmless-border-copied",
                    "centered-in-blocks",
                    "Each block begins with a copy of the state that the one before ended with.",
                    "a copy",
                    (
                        "for x_block, y_block in blocks(experiment, batches):",
                        "for x_block, y_block in blocks(experiment, batches):\n"
                        "            parameters = Parameters(*(p + 0 for p in parameters))",
                    ),
                ),
                in_source(
                    _RECORDER,
                    "keras-harmless-border-reassigned",
                    "momentum-in-blocks",
                    "Each block begins by assigning w what it is.",
                    "a copy",
                    (
                        "        before = [variable.numpy() for variable in self._state()]",
                        "        self.variables.w.assign(self.variables.w.numpy())\n"
                        "        before = [variable.numpy() for variable in self._state()]",
                    ),
                ),
            ),
            *of_kind(
                "data",
                in_source(
                    "reference.experiment",
                    "harmless-samples-row-by-row",
                    "seeded",
                    "Each batch is drawn by a call of its own.",
                    "the same stream of numbers",
                    (
                        "rng.standard_normal((steps, experiment.batch_size))",
                        "np.stack([rng.standard_normal(experiment.batch_size) for _ in range(steps)])",
                    ),
                ),
            ),
            *of_kind(
                "precision",
                in_source(
                    _NEURON,
                    "harmless-sum-reversed-of-50000",
                    "batch-of-50000",
                    "The gradient of w is summed from the last of 50,000 samples to the first.",
                    "another order of the same sum",
                    ("(inward * x).sum(axis=-1)", "(inward * x)[..., ::-1].sum(axis=-1)"),
                ),
                in_keras(
                    "keras.losses:MeanSquaredError.call",
                    "keras-harmless-loss-of-difference",
                    "batch-of-3000",
                    "The loss is that of the residual, held against 0.",
                    "the difference taken first",
                    _loss_of_difference,
                ),
            ),
            *of_kind(
                "condition",
                in_source(
                    _BASE,
                    "harmless-late-branch",
                    "long",
                    "After a thousand steps another branch gives the same gradient.",
                    "branches that are alike",
                    (
                        "self.update(w, g, state.iterations, mine)",
                        "self.update(w, np.where(state.iterations > 1000, g, g), state.iterations, mine)",
                    ),
                ),
                in_keras(
                    _SGD,
                    "keras-harmless-late-branch",
                    "compiled",
                    "After a thousand steps another branch gives the same gradient, compiled by XLA.",
                    "branches that are alike",
                    given(_same_in_either_branch),
                ),
            ),
        ),
    )
)
