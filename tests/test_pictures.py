"""The README's pictures: dark as a page makes them, and small."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def pictures():
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_in_the_dark_grey_is_inverted_and_hues_stay(pictures):
    # CSS, Filter Effects 1, section 9.5: hue-rotate keeps grey; of red, inverted to cyan, half a turn makes red again.
    grey = np.array([0, 51, 102, 255])[:, None] * np.ones(3)
    assert np.round(255 * pictures.in_the_dark(grey / 255)).tolist() == (255 - grey).tolist()
    for channel in range(3):
        dark = pictures.in_the_dark(np.eye(3)[channel])
        assert np.argmax(dark) == channel


@pytest.mark.parametrize("name", ["opening", "slopes", "map"])
def test_each_picture_is_small_and_has_the_colour_of_its_page(name, pictures):
    for file, page in ((f"{name}.png", (255, 255, 255)), (f"{name}-dark.png", pictures.DARK)):
        assert (DOCS / file).stat().st_size < 500_000
        with Image.open(DOCS / file) as image:
            pixels = np.asarray(image.convert("RGB"))
        assert {tuple(pixels[i, j].tolist()) for i in (0, -1) for j in (0, -1)} == {page}
