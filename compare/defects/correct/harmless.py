"""Rewrites of either side that leave the mathematics alone: nothing may take them for defects.

They stand in the gallery beside the defects, planted in the same way, so that the table
shows what survives and why.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from compare.defects.defect import Defect, Description, Key, Replacement, Substitution, defects
from compare.defects.planted.keras_methods import keras_ops, sgd_from

__all__ = ["DEFECTS"]

in_neuron = partial(Substitution, "reference.neuron")
in_training = partial(Substitution, "reference.training")
in_recorder = partial(Substitution, "keras_impl.recorders.common")

_GRADIENT_OF_W = "(inward * x).sum(axis=-1)"
_MSE = "np.square(residual).sum(axis=-1) / residual.shape[-1]"
_ADAM_STEP = "m * alpha / (np.sqrt(v) + scalar(self.epsilon))"
_START = "    return parameters, experiment.optimizer.init(parameters)"
_ASSIGNED = "                variable.assign(np.full(variable.shape, value, experiment.dtype))"
_LOSSES = "np.array([loss for _, loss in seen])"
_BLOCKS = "for x_block, y_block in blocks(experiment, batches):"
_BEFORE = "        block = self.run(x, y)"
_DRAWN = "rng.standard_normal((steps, experiment.batch_size))"
_UPDATE = "self.update(w, g, state.iterations, mine)"


def _harmless(kind: str, table: Mapping[Key, Description]) -> tuple[Defect, ...]:
    return tuple(
        replace(rewrite, changes_mathematics=False, source=f"mathematically equal: {rewrite.source}")
        for rewrite in defects(kind, table)
    )


def _same_in_either_branch(sgd: Any, gradient: Any, variable: Any) -> Any:
    """The gradient unchanged, by way of two selections whose branches are equal."""
    ops = keras_ops()
    return ops.where(sgd.iterations > 1000, gradient, ops.where(ops.isfinite(gradient), gradient, gradient))


def _loss_of_difference(original: Any, self: Any, y_true: Any, y_pred: Any) -> Any:
    """The loss of the prediction y_pred - y_true for the label 0."""
    return original(self, 0 * y_true, y_pred - y_true)


DEFECTS = (
    *_harmless(
        "formula",
        {
            ("harmless-sum-reversed", "output"): (
                "The gradient of w is summed from the last sample to the first.",
                "another order of the same sum",
                in_neuron(_GRADIENT_OF_W, "(inward * x)[..., ::-1].sum(axis=-1)"),
            ),
            ("harmless-mean-of-quotients", "leaky"): (
                "The loss is the sum of the squares, each divided by n.",
                "the divisor taken into the sum",
                in_neuron(_MSE, "(np.square(residual) / residual.shape[-1]).sum(axis=-1)"),
            ),
            ("harmless-factor-2-last", "leaky"): (
                "The residual is divided by n first and doubled then.",
                "two factors exchanged",
                in_neuron("residual * 2 / x.shape[-1]", "residual / x.shape[-1] * 2"),
            ),
            ("harmless-velocity-added-last", "momentum"): (
                "The negative of the step comes first, then the old velocity is added.",
                "a - b = -b + a, also in floating point",
                Substitution(
                    "reference.optimizers.sgd",
                    'm = slots["momentum"] * mu - g * lr',
                    'm = -(g * lr) + slots["momentum"] * mu',
                ),
            ),
            ("harmless-quotient-first", "adam"): (
                "The rate is divided by the root before it meets the moment.",
                "the factors of the step regrouped",
                Substitution("reference.optimizers.adam", _ADAM_STEP, _ADAM_STEP.replace("alpha /", "(alpha /") + ")"),
            ),
            ("harmless-reciprocal-root", "rmsprop"): (
                "The step is multiplied by the reciprocal of the root.",
                "what TensorFlow's graph optimizer does with a quotient by a root",
                Substitution("reference.optimizers.rmsprop", "* g / np.sqrt(q)", "* g * (1 / np.sqrt(q))"),
            ),
        },
    ),
    *_harmless(
        "start",
        {
            ("harmless-start-in-halves", "slow-sgd"): (
                "w starts as the sum of its halves.",
                "a doubling undone",
                in_training(
                    _START,
                    _START.replace("parameters,", "parameters._replace(w=parameters.w / 2 + parameters.w / 2),"),
                ),
            ),
            ("keras-harmless-start-in-halves", "slow-adam"): (
                "Keras' variables are assigned half their start, and doubled.",
                "a doubling undone",
                in_recorder(
                    _ASSIGNED,
                    _ASSIGNED.replace("value,", "value / 2,") + "\n                variable.assign_add(variable)",
                ),
            ),
        },
    ),
    *_harmless(
        "not finite",
        {
            ("keras-harmless-branches", "diverging"): (
                "The step asks whether the gradient is finite, and takes it either way.",
                "branches that are alike",
                sgd_from(_same_in_either_branch),
            ),
        },
    ),
    *_harmless(
        "records",
        {
            ("harmless-record-backwards", "crossing"): (
                "Losses are collected from the last step to the first and turned around.",
                "an order reversed twice",
                in_training(_LOSSES, "np.array([loss for _, loss in seen[::-1]])[::-1]"),
            ),
        },
    ),
    *_harmless(
        "borders",
        {
            ("harmless-border-copied", "centered-in-blocks"): (
                "Each block begins with a copy of the state that the one before ended with.",
                "a copy",
                in_training(_BLOCKS, f"{_BLOCKS}\n            parameters = Parameters(*(p + 0 for p in parameters))"),
            ),
            ("keras-harmless-border-reassigned", "momentum-in-blocks"): (
                "Each block begins by assigning w what it is.",
                "a copy",
                in_recorder(_BEFORE, f"        self.variables.w.assign(self.variables.w.numpy())\n{_BEFORE}"),
            ),
        },
    ),
    *_harmless(
        "data",
        {
            ("harmless-samples-row-by-row", "seeded"): (
                "Each batch is drawn by a call of its own.",
                "the same stream of numbers",
                Substitution(
                    "reference.experiment",
                    _DRAWN,
                    "np.stack([rng.standard_normal(experiment.batch_size) for _ in range(steps)])",
                ),
            ),
        },
    ),
    *_harmless(
        "precision",
        {
            ("harmless-sum-reversed-of-50000", "batch-of-50000"): (
                "The gradient of w is summed from the last of 50,000 samples to the first.",
                "another order of the same sum",
                in_neuron(_GRADIENT_OF_W, "(inward * x)[..., ::-1].sum(axis=-1)"),
            ),
            ("keras-harmless-loss-of-difference", "batch-of-3000"): (
                "The loss is that of the residual, held against 0.",
                "the difference taken first",
                Replacement("keras.losses:MeanSquaredError.call", _loss_of_difference),
            ),
        },
    ),
    *_harmless(
        "condition",
        {
            ("harmless-late-branch", "long"): (
                "After a thousand steps another branch gives the same gradient.",
                "branches that are alike",
                Substitution(
                    "reference.optimizers.base",
                    _UPDATE,
                    _UPDATE.replace("g,", "np.where(state.iterations > 1000, g, g),"),
                ),
            ),
            ("keras-harmless-late-branch", "compiled"): (
                "After a thousand steps another branch gives the same gradient, compiled by XLA.",
                "branches that are alike",
                sgd_from(_same_in_either_branch),
            ),
        },
    ),
)
