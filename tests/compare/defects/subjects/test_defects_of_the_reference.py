"""Defects of the reference are seen whoever is held against it."""

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
def test_a_defect_of_the_reference_is_seen_by_any_subject(name, subject, by_default):
    pytest.importorskip(NEEDS[subject])
    defect = named(name)
    assert defect.side == "reference"
    assert by_default(f"{subject}-{SEEN_ON[name]}", defect.patches).killed
