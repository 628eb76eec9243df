"""The report's pictures that need runs of their own."""

from functools import partial

import numpy as np
import pytest

from compare.figures.gallery import studies
from compare.theory import slope_study
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
    assert [picture.name for _, picture in first] == ["basin-map", "slope-study"]


def test_the_captions_tell_what_the_runs_did(small, tmp_path):
    basins, slopes = studies.draw_studies(tmp_path)
    # Sixteen single runs: on the right of 0 all but those that are dead from far below learn.
    ends = {(w, b): alone(w, b) for w in (-3.0, -1.0, 1.0, 3.0) for b in (-3.0, -1.0, 1.0, 3.0)}
    for side in (1, -1):
        share = 100 * np.mean([learned for (w, _), learned in ends.items() if w * side > 0])
        assert f"{share:.3g} % of those with w {'>' if side > 0 else '<'} 0" in basins.caption
    assert slopes.caption.startswith("Without a bias 50 % of the starts get stuck at slope 0 (ReLU) and none at 0.25")
    assert "at slope 1 it is 0.25" in slopes.caption  # c^2 / (2 (1 + c^2)) at c = 1


def alone(w, b):
    """Whether a run ends facing right, awake: w > 0, and the kink not far out."""
    end = train(Experiment(initial=Parameters(w=w, b=b), trainable=("w", "b")), record="end").end
    return bool(end.w > 0 and end.b > -end.w)
