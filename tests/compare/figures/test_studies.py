"""The report's pictures that need runs of their own."""

import re
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from compare.figures.gallery import studies
from compare.theory import slope_study
from compare.theory.outcomes import outcome_of
from reference import Experiment, Parameters, train


@pytest.fixture
def small(monkeypatch):
    """Few starts and slopes; slope 0 and 1 are told of."""
    sizes = {"STARTS": 4, "MAPPED_STARTS": 4, "MAPPED_STEPS": 20, "MAPPED_SLOPES": (0.0, 0.5)}
    for name, value in sizes.items():
        monkeypatch.setattr(studies, name, value)

    monkeypatch.setattr(studies, "SLOPES", np.array([-0.5, 0.0, 0.25, 1.0]))
    monkeypatch.setattr(studies, "slope_study", partial(slope_study, starts=8))


def test_the_studies_are_drawn_the_same_every_time(small, tmp_path):
    first = [(picture.path.read_bytes(), picture) for picture in studies.draw_studies(tmp_path, seed=3)]
    again = [(picture.path.read_bytes(), picture) for picture in studies.draw_studies(tmp_path, seed=3)]
    assert first == again
    assert [picture.name for _, picture in first] == ["basin-map", "slope-starts", "slope-losses", "slope-maps"]


def test_the_captions_tell_what_the_runs_did(small, tmp_path):
    basins, starts, losses, maps = studies.draw_studies(tmp_path)
    # Sixteen single runs, each asked alone.
    ends = {(w, b): alone(w, b) for w in (-3.0, -1.0, 1.0, 3.0) for b in (-3.0, -1.0, 1.0, 3.0)}
    for side in (1, -1):
        mine = [outcome for (w, _), outcome in ends.items() if w * side > 0]
        share = 100 * mine.count("learned") / len(mine)
        assert f"{share:.3g} % of those that face the {'right' if side > 0 else 'wrong'} way" in basins.caption
    assert "after 2,000 steps" in basins.caption
    assert (
        "at s = -0.5 and 0 all starts left of 0 are stuck; at s = 0.25 no start is stuck; at s = 1 all starts are stuck"
        in starts.alt
    )
    assert "no start is stuck for s from" not in starts.caption  # as only one such slope was tried
    assert "no start is stuck at s = 0.25." in starts.caption
    assert f"below {0.3**2 / (2 * (1 + 0.3**2)):.3g}, or with a bias 0.0282." in losses.caption
    assert "at 2 negative slopes s, after 20 steps of size 0.1: as far as 200 steps of size 0.01." in maps.caption
    assert re.search(r"at s = 0 [\d.]+ % are on their way", maps.alt)


def test_the_maps_are_told_after_the_same_time_as_the_basin_map():
    steps, rate = Experiment().steps, Experiment().optimizer.learning_rate
    assert studies.MAPPED_STEPS * Fraction(str(studies.MAPPED_RATE)) == steps * Fraction(str(rate))


@pytest.mark.parametrize(
    ("slopes", "said"),
    [
        ([-2.0, -1.5, -1.25], "for s from -2 to -1.25 all starts right of 0 are stuck"),
        ([-1.0], "at s = -1 all starts are stuck"),
        ([-0.5, 0.0], "at s = -0.5 and 0 all starts left of 0 are stuck"),
        ([0.5, 1.0, 2.0], "at s = 0.5 no start is stuck; at s = 1 and 2 all starts are stuck"),
        ([0.5, -2.0], "at s = -2 all starts right of 0 are stuck; at s = 0.5 no start is stuck"),
    ],
)
def test_which_starts_are_stuck_is_said_for_every_sign_of_the_slope(slopes, said):
    """The vertex of the other side is the better one below -1, of this side above, and above 0 the left one is out of
    the way. At -1 both have the loss 1/4 of a straight line, and from 1 on the only one has no less."""
    assert studies.stuck_sides(slope_study(np.array(slopes), starts=4)) == said


def alone(w, b):
    return outcome_of(train(Experiment(initial=Parameters(w=w, b=b), trainable=("w", "b")), record="end"))
