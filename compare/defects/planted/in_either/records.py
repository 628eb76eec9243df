"""Defects of what is written down: the steps are as they should be, the account of them is not."""

from functools import partial

from compare.defects.defect import MISSED_FIRST, Substitution, defects

__all__ = ["DEFECTS"]

in_training = partial(Substitution, "reference.training")
in_assembly = partial(Substitution, "reference.subject")
in_recorder = partial(Substitution, "keras_impl.recorders.common")

_LOSSES = "np.array([loss for _, loss in seen])"
_GRADIENTS = "_stack(gradients, experiment.trainable),"
_SEEN = "seen.append((gradient, loss))"
_DIVERGED = "first_non_finite(parameters, slots) if watch is None"
_CROSSED = "first_crossing(parameters.w) if watch is None"

_JOINED_LOSS = "loss = np.concatenate([block.loss for block in records])"
_JOINED_GRADIENT = "gradient = _join([block.gradient for block in records])"
_NOTED = "diverged_at, crossed_at = first_non_finite(parameters, slots), first_crossing(parameters.w)"

_COUNTED_FROM_ONE = "plausible slip: counted from the state after the first step"
_MISLABELLED = "NICALab/SUPPORT#11: losses are logged under each other's names"

DEFECTS = defects(
    "records",
    {
        ("record-loss-doubled", "crossing", MISSED_FIRST): (
            "The loss is recorded twice as large as it was.",
            "plausible slip: a loss without the factor 1/2 compared with one that has it",
            in_training(_LOSSES, f"2 * {_LOSSES}"),
        ),
        ("record-loss-after-step", "crossing", MISSED_FIRST): (
            "The loss recorded is that of the parameters after the step.",
            "plausible slip: the loss evaluated once more for the record",
            in_training(_SEEN, "seen.append((gradient, mean_squared_error(forward(parameters, x, slope).y_pred, y)))"),
        ),
        ("record-loss-of-batch-before", "crossing", MISSED_FIRST): (
            "The loss recorded is that of the batch before.",
            "plausible slip: the variable is written after the row",
            in_training(_LOSSES, "np.stack([seen[max(0, t - 1)][1] for t in range(len(seen))])"),
        ),
        ("record-gradient-negated", "crossing", MISSED_FIRST): (
            "The gradient is recorded with the other sign.",
            "plausible slip: the step and not the gradient in the record",
            in_training(_GRADIENTS, "_stack([g._replace(w=-g.w) for g in gradients], experiment.trainable),"),
        ),
        ("record-gradient-of-batch-before", "crossing", MISSED_FIRST): (
            "The gradient recorded is that of the batch before.",
            "plausible slip: the variable is written after the row",
            in_training(_GRADIENTS, "_stack([gradients[0], *gradients[:-1]], experiment.trainable),"),
        ),
        ("record-crossing-early", "crossing", MISSED_FIRST): (
            "w is said to have crossed 0 one step too early.",
            _COUNTED_FROM_ONE,
            in_training(_CROSSED, "first_crossing(parameters.w[1:]) if watch is None"),
        ),
        ("record-crossing-missed", "crossing", MISSED_FIRST): (
            "w is said never to have crossed 0: only its last step is looked at.",
            "plausible slip: a slice of the wrong end",
            in_training(_CROSSED, "first_crossing(parameters.w[-2:]) if watch is None"),
        ),
        ("record-divergence-early", "diverging", MISSED_FIRST): (
            "The run is said to have diverged at the first gradient that is not finite.",
            "plausible slip: the gradient looked at in place of the state",
            in_training(_DIVERGED, "first_non_finite(_stack(gradients, experiment.trainable), {}) if watch is None"),
        ),
        ("record-divergence-missed", "diverging", MISSED_FIRST): (
            "The run is said never to have diverged.",
            "plausible slip: only the start is looked at",
            in_training(_DIVERGED, "first_non_finite(Parameters(*(p[:1] for p in parameters)), {}) if watch is None"),
        ),
        ("keras-record-loss-of-next-batch", "crossing"): (
            "The loss of Keras recorded is that of the next batch.",
            "plausible slip: rows shifted by one when arrays are joined",
            in_recorder(", loss, gradient)", ", np.roll(loss, -1), gradient)"),
        ),
        ("keras-record-loss-doubled", "crossing", MISSED_FIRST): (
            "The loss of Keras is recorded twice as large as it was.",
            "plausible slip: a loss without the factor 1/2 compared with one that has it",
            in_assembly(_JOINED_LOSS, f"{_JOINED_LOSS} * 2"),
        ),
        ("keras-record-loss-is-gradient", "crossing", MISSED_FIRST): (
            "What is recorded as the loss of Keras is the size of its gradient.",
            _MISLABELLED,
            in_assembly(_JOINED_LOSS, "loss = np.abs(np.concatenate([block.gradient.w for block in records]))"),
        ),
        ("keras-record-gradient-negated", "crossing", MISSED_FIRST): (
            "The gradient of Keras is recorded with the other sign.",
            "plausible slip: the step and not the gradient in the record",
            in_assembly(_JOINED_GRADIENT, f"{_JOINED_GRADIENT}\n    gradient = gradient._replace(w=-gradient.w)"),
        ),
        ("keras-record-gradient-of-batch-before", "crossing"): (
            "The gradient of Keras recorded is that of the batch before.",
            "plausible slip: rows shifted by one when arrays are joined",
            in_recorder("self._named(experiment, gradients)", "self._named(experiment, np.roll(gradients, 1, axis=1))"),
        ),
        ("keras-record-crossing-early", "crossing", MISSED_FIRST): (
            "Keras' w is said to have crossed 0 one step too early.",
            _COUNTED_FROM_ONE,
            in_assembly(_NOTED, _NOTED.replace("parameters.w)", "parameters.w[1:])")),
        ),
        ("keras-record-divergence-missed", "diverging", MISSED_FIRST): (
            "Keras is said never to have diverged.",
            "plausible slip: only the start is looked at",
            in_assembly(
                _NOTED,
                _NOTED.replace(
                    "first_non_finite(parameters, slots)",
                    "first_non_finite(Parameters(*(p[:1] for p in parameters)), {})",
                ),
            ),
        ),
    },
)
