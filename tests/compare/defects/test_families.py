"""What defects are tried on: one run each, in float32, and short experiments in float64."""

import pytest

from compare.certificates.exact.cases import NETWORKS
from compare.defects.defect import SYSTEMS
from compare.defects.families import FAMILIES, OF_SUBJECTS, OWN_RUNS, PROBED
from reference import train
from reference.optimizers import READINGS


def test_every_family_has_one_name():
    assert not PROBED.keys() & OWN_RUNS.keys()
    assert not OF_SUBJECTS.keys() & {*PROBED, *OWN_RUNS}
    assert list(FAMILIES) == [*PROBED, *OWN_RUNS, *OF_SUBJECTS]


@pytest.mark.parametrize(("subject", "system"), [("torch", "pytorch"), ("jax", "optax")])
def test_other_subjects_have_families_with_the_formulas_as_they_read_them(subject, system):
    families = {name: family for name, family in OF_SUBJECTS.items() if family.subject == subject}
    assert all(name.startswith(f"{subject}-") for name in families)
    for family in families.values():
        assert type(family.run.optimizer) in READINGS[system].values()
        assert not family.rates
    assert {type(family.run.optimizer).__name__ for family in families.values()} == {"SGD", "Adam", "AdamW", "RMSprop"}
    assert train(families[f"{subject}-diverging"].run).diverged_at is not None
    assert train(families[f"{subject}-crossing"].run).crossed_at is not None
    in_blocks = families[f"{subject}-momentum-in-blocks"]
    assert in_blocks.samples_per_block < in_blocks.run.steps * in_blocks.run.batch_size


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_run_is_in_float32_and_its_sharp_twin_in_float64(family):
    assert family.run.dtype == "float32"
    assert family.sharp_run.dtype == "float64"
    assert family.sharp_run.steps == family.run.steps
    assert family.mode in {"graph", "xla", "eager"}
    assert family.subject in SYSTEMS


@pytest.mark.parametrize("family", PROBED.values(), ids=PROBED)
def test_short_experiments_differ_from_the_run_in_numbers_only(family):
    assert list(family.experiments) == ["ordinary", "right-way", "kink", "tiny", "large"]
    assert set(family.networks) <= NETWORKS.keys()
    for experiment in family.experiments.values():
        assert experiment.dtype == "float64"
        for name in ("optimizer", "trainable", "negative_slope"):
            assert getattr(experiment, name) == getattr(family.run, name)


def test_runs_of_their_own_do_what_they_are_for():
    assert train(OWN_RUNS["diverging"].run).diverged_at is not None
    assert train(OWN_RUNS["crossing"].run).crossed_at is not None
    assert OWN_RUNS["compiled"].mode == "xla"
    assert OWN_RUNS["seeded"].run.seed != 0
    for slow in ("slow-sgd", "slow-adam", "slow-rmsprop"):
        assert round(float(train(OWN_RUNS[slow].run).end.w), 3) == -10
    for name, family in OWN_RUNS.items():
        samples = family.run.steps * family.run.batch_size
        assert name.endswith("in-blocks") == (family.samples_per_block is not None)
        assert family.samples_per_block is None or family.samples_per_block < samples
