"""Defects at the border between two blocks of batches: a long run is trained block by block."""

from compare.defects.defect import Defect, in_source, of_kind

__all__ = ["DEFECTS"]

_TRAINING = "reference.training"
_RECORDER = "keras_impl.recorder"

_BLOCKS = "for x_block, y_block in blocks(experiment, batches):"
_BEFORE = "        before = [variable.numpy() for variable in self._state()]"

_FORGOTTEN = "keras-team/keras#13750: the optimizer's state is reset at every call of fit"
_REBUILT = "plausible slip: the loop over blocks begins as the run does"


def _at_border(name: str, family: str, says: str, source: str, change: str) -> Defect:
    """A defect of the reference's loop: `change` is done between two blocks."""
    code = f"{_BLOCKS}\n            if seen:\n                {change}"
    missed = family == "centered-in-blocks"  # where the free run has no bound; elsewhere it saw them
    return in_source(_TRAINING, name, family, says, source, (_BLOCKS, code), missed_first=missed)


def _at_border_in_keras(name: str, family: str, says: str, source: str, change: str) -> Defect:
    """The same where Keras is driven, before a block is run."""
    code = f"        if first_step:\n            {change}\n{_BEFORE}"
    missed = family == "centered-in-blocks"  # as there
    return in_source(_RECORDER, name, family, says, source, (_BEFORE, code), missed_first=missed)


DEFECTS = of_kind(
    "borders",
    *(
        _at_border(
            f"border-adds-one-{name}",
            f"{name}-in-blocks",
            "w grows by 1 between two blocks.",
            "plausible slip: a step repeated at the border",
            "parameters = parameters._replace(w=parameters.w + 1)",
        )
        for name in ("centered", "momentum")
    ),
    *(
        _at_border(
            f"border-resets-slots-{name}",
            f"{name}-in-blocks",
            "Every block starts with slots of 0.",
            _FORGOTTEN,
            "state = OptimizerState(state.iterations, start(experiment)[1].slots)",
        )
        for name in ("centered", "momentum")
    ),
    _at_border(
        "border-resets-count",
        "adam-in-blocks",
        "Every block counts its steps from 0.",
        _REBUILT,
        "state = OptimizerState(0, state.slots)",
    ),
    *(
        _at_border_in_keras(
            f"keras-border-adds-one-{name}",
            f"{name}-in-blocks",
            "w grows by 1 between two blocks.",
            "plausible slip: a step repeated at the border",
            "self.variables.w.assign(self.variables.w + 1)",
        )
        for name in ("centered", "momentum")
    ),
    *(
        _at_border_in_keras(
            f"keras-border-resets-slots-{name}",
            f"{name}-in-blocks",
            "Every block starts with slots of 0.",
            _FORGOTTEN,
            "_ = [slot.assign(slot * 0) for slots in self.slots.values() for slot in slots]",
        )
        for name in ("centered", "momentum")
    ),
    _at_border_in_keras(
        "keras-border-resets-count",
        "adam-in-blocks",
        "Every block counts its steps from 0.",
        _REBUILT,
        "self.optimizer.iterations.assign(0)",
    ),
    _at_border_in_keras(
        "keras-border-starts-over",
        "momentum-in-blocks",
        "Every block starts where the run did.",
        _REBUILT,
        "self.reset(experiment)",
    ),
)
