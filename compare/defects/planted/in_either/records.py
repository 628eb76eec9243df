"""Defects of what is written down: the steps are as they should be, the account of them is not."""

from compare.defects.defect import in_source, of_kind

__all__ = ["DEFECTS"]

_TRAINING = "reference.training"
_ASSEMBLY = "keras_impl.training"
_RECORDER = "keras_impl.recorder"

_LOSSES = "np.stack([loss for _, loss in seen])"
_GRADIENTS = "_stack(gradients, experiment.trainable),"
_SEEN = "seen.append((gradient, loss))"
_DIVERGED = "first_non_finite(parameters, slots) if watch is None"
_CROSSED = "first_crossing(parameters.w) if watch is None"

_JOINED_LOSS = "loss = np.concatenate([block.loss for block in records])"
_JOINED_GRADIENT = "gradient = _join([block.gradient for block in records])"
_NOTED = "diverged_at, crossed_at = first_non_finite(parameters, slots), first_crossing(parameters.w)"

_COUNTED_FROM_ONE = "plausible slip: counted from the state after the first step"
_MISLABELLED = "NICALab/SUPPORT#11: losses are logged under each other's names"

DEFECTS = of_kind(
    "records",
    in_source(
        _TRAINING,
        "record-loss-doubled",
        "crossing",
        "The loss is recorded twice as large as it was.",
        "plausible slip: a loss without the factor 1/2 compared with one that has it",
        (_LOSSES, f"2 * {_LOSSES}"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-loss-after-step",
        "crossing",
        "The loss recorded is that of the parameters after the step.",
        "plausible slip: the loss evaluated once more for the record",
        (_SEEN, "seen.append((gradient, mean_squared_error(forward(parameters, x, slope).y_pred, y)))"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-loss-of-batch-before",
        "crossing",
        "The loss recorded is that of the batch before.",
        "plausible slip: the variable is written after the row",
        (_LOSSES, "np.stack([seen[max(0, t - 1)][1] for t in range(len(seen))])"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-gradient-negated",
        "crossing",
        "The gradient is recorded with the other sign.",
        "plausible slip: the step and not the gradient in the record",
        (_GRADIENTS, "_stack([g._replace(w=-g.w) for g in gradients], experiment.trainable),"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-gradient-of-batch-before",
        "crossing",
        "The gradient recorded is that of the batch before.",
        "plausible slip: the variable is written after the row",
        (_GRADIENTS, "_stack([gradients[0], *gradients[:-1]], experiment.trainable),"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-crossing-early",
        "crossing",
        "w is said to have crossed 0 one step too early.",
        _COUNTED_FROM_ONE,
        (_CROSSED, "first_crossing(parameters.w[1:]) if watch is None"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-crossing-missed",
        "crossing",
        "w is said never to have crossed 0: only its last step is looked at.",
        "plausible slip: a slice of the wrong end",
        (_CROSSED, "first_crossing(parameters.w[-2:]) if watch is None"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-divergence-early",
        "diverging",
        "The run is said to have diverged at the first gradient that is not finite.",
        "plausible slip: the gradient looked at in place of the state",
        (_DIVERGED, "first_non_finite(_stack(gradients, experiment.trainable), {}) if watch is None"),
        missed_first=True,
    ),
    in_source(
        _TRAINING,
        "record-divergence-missed",
        "diverging",
        "The run is said never to have diverged.",
        "plausible slip: only the start is looked at",
        (_DIVERGED, "first_non_finite(Parameters(*(p[:1] for p in parameters)), {}) if watch is None"),
        missed_first=True,
    ),
    in_source(
        _RECORDER,
        "keras-record-loss-of-next-batch",
        "crossing",
        "The loss of Keras recorded is that of the next batch.",
        "plausible slip: rows shifted by one when arrays are joined",
        (", loss.numpy(), gradient)", ", np.roll(loss.numpy(), -1), gradient)"),
    ),
    in_source(
        _ASSEMBLY,
        "keras-record-loss-doubled",
        "crossing",
        "The loss of Keras is recorded twice as large as it was.",
        "plausible slip: a loss without the factor 1/2 compared with one that has it",
        (_JOINED_LOSS, f"{_JOINED_LOSS} * 2"),
        missed_first=True,
    ),
    in_source(
        _ASSEMBLY,
        "keras-record-loss-is-gradient",
        "crossing",
        "What is recorded as the loss of Keras is the size of its gradient.",
        _MISLABELLED,
        (_JOINED_LOSS, "loss = np.abs(np.concatenate([block.gradient.w for block in records]))"),
        missed_first=True,
    ),
    in_source(
        _ASSEMBLY,
        "keras-record-gradient-negated",
        "crossing",
        "The gradient of Keras is recorded with the other sign.",
        "plausible slip: the step and not the gradient in the record",
        (_JOINED_GRADIENT, f"{_JOINED_GRADIENT}\n    gradient = gradient._replace(w=-gradient.w)"),
        missed_first=True,
    ),
    in_source(
        _RECORDER,
        "keras-record-gradient-of-batch-before",
        "crossing",
        "The gradient of Keras recorded is that of the batch before.",
        "plausible slip: rows shifted by one when arrays are joined",
        (
            "[np.reshape(g.numpy(), -1) for g in gradients]",
            "[np.roll(np.reshape(g.numpy(), -1), 1) for g in gradients]",
        ),
    ),
    in_source(
        _ASSEMBLY,
        "keras-record-crossing-early",
        "crossing",
        "Keras' w is said to have crossed 0 one step too early.",
        _COUNTED_FROM_ONE,
        (_NOTED, _NOTED.replace("parameters.w)", "parameters.w[1:])")),
        missed_first=True,
    ),
    in_source(
        _ASSEMBLY,
        "keras-record-divergence-missed",
        "diverging",
        "Keras is said never to have diverged.",
        "plausible slip: only the start is looked at",
        (
            _NOTED,
            _NOTED.replace(
                "first_non_finite(parameters, slots)", "first_non_finite(Parameters(*(p[:1] for p in parameters)), {})"
            ),
        ),
        missed_first=True,
    ),
)
