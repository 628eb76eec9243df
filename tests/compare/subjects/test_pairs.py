"""Where formulas of one name differ, a certificate says in which step and quantity, and which formula fits."""

from dataclasses import replace

import pytest

from compare import certify
from reference import SGD, Adam, AdamW, Experiment, Parameters, RMSprop

EXPERIMENT = Experiment(initial=Parameters(w=2.0, b=0.25), trainable=("w", "b"), batch_size=100, steps=60)

# By subject and Keras' optimizer: the first quantity that differs, in which step, and the formula that fits.
PAIRS = [
    ("torch", Adam(learning_rate=0.01), ("w", 0), "pytorch.Adam"),
    ("torch", Adam(learning_rate=0.01, amsgrad=True), ("w", 0), "pytorch.Adam"),
    ("torch", AdamW(learning_rate=0.01), ("w", 0), "pytorch.AdamW"),
    ("torch", RMSprop(learning_rate=0.01), ("w", 0), "pytorch.RMSprop"),
    ("torch", SGD(learning_rate=0.05, momentum=0.9), ("momentum.w", 0), "pytorch.SGD"),
    ("jax", SGD(learning_rate=0.05, momentum=0.9), ("momentum.w", 0), "optax.SGD"),
    ("jax", Adam(learning_rate=0.01), ("w", 0), "optax.Adam"),
    ("jax", Adam(learning_rate=0.01, amsgrad=True), ("velocity_hat.w", 0), "optax.Adam"),
    ("jax", AdamW(learning_rate=0.01), ("w", 0), "optax.AdamW"),
    ("jax", RMSprop(learning_rate=0.01, momentum=0.5), ("momentum.w", 0), "optax.RMSprop"),
]


@pytest.mark.parametrize(("subject", "optimizer", "where", "reading"), PAIRS, ids=lambda value: str(value)[:40])
def test_the_step_the_quantity_and_the_formula_that_fits_are_named(subject, optimizer, where, reading):
    pytest.importorskip({"torch": "torch", "jax": "optax"}[subject])
    certificate = certify(replace(EXPERIMENT, optimizer=optimizer, dtype="float64"), subject=subject)
    assert not certificate.agrees
    found = certificate.first_disagreement
    assert (found.quantity, found.step) == where
    assert certificate.readings[0].reading == f"reference.optimizers.{reading}"
    assert certificate.readings[0].worst <= 1
    assert "reference.Adam" not in [fit.reading for fit in certificate.readings]
    assert f"the formula that fits: reference.optimizers.{reading}, " in str(certificate)


@pytest.mark.parametrize("subject", ["torch", "jax"])
def test_where_the_formulas_are_the_same_there_is_nothing_to_name(subject):
    pytest.importorskip({"torch": "torch", "jax": "optax"}[subject])
    optimizers = [SGD(learning_rate=0.05), *([RMSprop(learning_rate=0.01)] if subject == "jax" else [])]
    for optimizer in optimizers:
        certificate = certify(replace(EXPERIMENT, optimizer=optimizer), subject=subject)
        assert certificate.agrees
        assert certificate.readings == ()
