"""The report's pictures that need runs of their own."""

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

    def few(slopes=None, **settings):
        return slope_study(np.array([-0.5, 0.0, 0.25, 1.0]) if slopes is None else slopes, **settings)

    monkeypatch.setattr(studies, "slope_study", partial(few, starts=8))


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
        assert f"of those with w {'>' if side > 0 else '<'} 0 {share:.3g} % have learned" in basins.caption
    assert "on the batches of seed 0" in basins.caption
    assert (
        "at c = -0.5 and 0 all starts left of 0 are stuck; at c = 0.25 no start is stuck; at c = 1 all starts are stuck"
        in starts.alt
    )
    # c^2 / (2 (1 + c^2)) at c = 1, and the best line.
    assert f"is a line, 0.25 and {1 / 4 - 1 / (2 * np.pi):.3g}" in losses.caption
    assert "0.00495 without a bias and 0.00464 with one" in losses.caption
    assert maps.caption.startswith("With a bias, after 20 steps")


@pytest.mark.parametrize(
    ("slopes", "said"),
    [
        ([-2.0, -1.5, -1.25], "for c from -2 to -1.25 all starts right of 0 are stuck"),
        ([-1.0], "at c = -1 all starts are stuck"),
        ([-0.5, 0.0], "at c = -0.5 and 0 all starts left of 0 are stuck"),
        ([0.5, 1.0, 2.0], "at c = 0.5 no start is stuck; at c = 1 and 2 all starts are stuck"),
        ([0.5, -2.0], "at c = -2 all starts right of 0 are stuck; at c = 0.5 no start is stuck"),
    ],
)
def test_which_starts_are_stuck_is_said_for_every_sign_of_the_slope(slopes, said):
    """The vertex of the other side is the better one below -1, of this side above, and above 0 the left one is out of
    the way. At -1 both have the loss 1/4 of a straight line, and from 1 on the only one has no less."""
    assert studies.stuck_sides(slope_study(np.array(slopes), starts=4)) == said


def alone(w, b):
    return outcome_of(train(Experiment(initial=Parameters(w=w, b=b), trainable=("w", "b")), record="end"))
