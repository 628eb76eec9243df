"""Defects of the reference are seen when PyTorch or JAX is held against it, as long as they are in what is run."""

import pytest

from compare.defects.gallery import named

NEEDS = {"torch": "torch", "jax": "optax"}

# By defect of the reference, the family of either subject that it is tried on: where formulas are everybody's.
SEEN_ON = {
    "gradient-without-factor-2": "output",
    "gradient-summed": "relu",
    "loss-over-n-minus-1": "relu",
    "mask-from-activation": "negative",
    "slope-dropped-in-forward": "output",
    "relu-derivative-at-zero-1": "relu",
    "labels-from-abs": "relu",
    "bias-forgotten-in-forward": "output",
    "batches-off-by-one": "relu",
    "slots-shared": "momentum",
    "step-count-stands-still": "adam",
    "gradient-clipped-at-1": "crossing",
    "gradient-repaired": "diverging",
    "record-gradient-negated": "crossing",
    "border-adds-one-momentum": "momentum-in-blocks",
}


@pytest.mark.parametrize("subject", NEEDS)
@pytest.mark.parametrize("name", SEEN_ON)
def test_a_defect_of_the_reference_is_seen_by_either_subject(name, subject, by_default):
    pytest.importorskip(NEEDS[subject])
    defect = named(name)
    assert defect.side == "reference"
    assert by_default(f"{subject}-{SEEN_ON[name]}", defect.patches).killed


@pytest.mark.parametrize(("subject", "seen"), [("torch", True), ("jax", False)])
def test_a_defect_in_a_branch_that_is_not_taken_is_not_seen(subject, seen, by_default):
    """JAX' leaky activation has the derivative 1 at the kink, for which the reference has a branch of its own."""
    pytest.importorskip(NEEDS[subject])
    assert by_default(f"{subject}-output", named("slope-dropped-in-backward").patches).killed == seen
