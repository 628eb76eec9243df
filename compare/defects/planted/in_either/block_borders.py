"""Defects at the border between two blocks of batches: a long run is trained block by block."""

from compare.defects.defect import MISSED_FIRST, Description, Key, Substitution, defects

__all__ = ["DEFECTS"]

_BLOCKS = "for x_block, y_block in blocks(experiment, batches):"
_BEFORE = "        block = self.run(x, y)"

_REPEATED = "plausible slip: a step repeated at the border"
_FORGOTTEN = "keras-team/keras#13750: the optimizer's state is reset at every call of fit"
_REBUILT = "plausible slip: the loop over blocks begins as the run does"


def _between_blocks(statement: str) -> Substitution:
    """A statement that the reference's loop executes between two blocks."""
    code = f"{_BLOCKS}\n            if seen:\n                {statement}"
    return Substitution("reference.training", _BLOCKS, code)


def _between_blocks_of_keras(statement: str) -> Substitution:
    """The same where Keras is driven, before a block is run."""
    code = f"        if first_step:\n            {statement}\n{_BEFORE}"
    return Substitution("keras_impl.recorders.common", _BEFORE, code)


def _with_slots(name: str, says: str, source: str, patch: Substitution) -> dict[Key, Description]:
    """A defect in two runs: the free run of centered RMSprop has no bound at the border, that of momentum has."""
    return {
        (f"{name}-centered", "centered-in-blocks", MISSED_FIRST): (says, source, patch),
        (f"{name}-momentum", "momentum-in-blocks"): (says, source, patch),
    }


DEFECTS = defects(
    "borders",
    {
        **_with_slots(
            "border-adds-one",
            "w grows by 1 between two blocks.",
            _REPEATED,
            _between_blocks("parameters = parameters._replace(w=parameters.w + 1)"),
        ),
        **_with_slots(
            "border-resets-slots",
            "Every block starts with slots of 0.",
            _FORGOTTEN,
            _between_blocks("state = OptimizerState(state.iterations, start(experiment)[1].slots)"),
        ),
        ("border-resets-count", "adam-in-blocks"): (
            "Every block counts its steps from 0.",
            _REBUILT,
            _between_blocks("state = OptimizerState(0, state.slots)"),
        ),
        **_with_slots(
            "keras-border-adds-one",
            "w grows by 1 between two blocks.",
            _REPEATED,
            _between_blocks_of_keras("self.variables.w.assign(self.variables.w + 1)"),
        ),
        **_with_slots(
            "keras-border-resets-slots",
            "Every block starts with slots of 0.",
            _FORGOTTEN,
            _between_blocks_of_keras("_ = [slot.assign(slot * 0) for slots in self.slots.values() for slot in slots]"),
        ),
        ("keras-border-resets-count", "adam-in-blocks"): (
            "Every block counts its steps from 0.",
            _REBUILT,
            _between_blocks_of_keras("self.optimizer.iterations.assign(0)"),
        ),
        ("keras-border-starts-over", "momentum-in-blocks"): (
            "Every block starts where the run did.",
            _REBUILT,
            _between_blocks_of_keras("self.reset(experiment)"),
        ),
    },
)
