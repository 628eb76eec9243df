"""The picture of a claim: neutral, transparent, and named as it is drawn."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from compare.claims import SharedRuns, load_claims
from compare.claims.telling.picture import draw_claim
from compare.claims.verdicts import Verdict

EVERY_KIND = Path(__file__).parents[1] / "every_kind.toml"


@pytest.fixture(scope="module")
def shared():
    return SharedRuns()


def drawn(id, shared, folder):
    claim = next(claim for claim in load_claims(EVERY_KIND) if claim.id == id)
    claim = replace(claim, experiment=replace(claim.experiment, steps=100))
    witnesses = MappingProxyType(dict.fromkeys(("exact", "reference", "keras")))
    verdict = Verdict(
        claim=claim, verdict="holds", why="", number="", witnesses=witnesses, checks=(), contradictions=()
    )
    with Image.open(draw_claim(verdict, shared, folder).path) as image:
        return np.asarray(image.convert("RGBA")).astype(int)


@pytest.mark.parametrize("id", ["backward-start-is-stuck", "adam-is-slower"])
def test_no_run_of_a_claim_has_the_colour_of_an_outcome_or_of_the_target(id, shared, tmp_path):
    pixels = drawn(id, shared, tmp_path)
    seen = pixels[pixels[..., 3] > 0][:, :3]
    assert len(np.unique(seen, axis=0)) > 10
    assert (np.ptp(seen, axis=1) <= 2).all()  # grey, but for the rounding of colours laid over each other


def test_it_is_transparent_where_nothing_is_drawn(shared, tmp_path):
    alpha = drawn("backward-start-is-stuck", shared, tmp_path)[..., 3]
    assert alpha[0, 0] == alpha[0, -1] == alpha[-1, 0] == alpha[-1, -1] == 0
    assert (alpha == 0).mean() > 0.5
