"""Where neurons die: what is seen together, told apart, and large enough to read."""

from io import BytesIO
from itertools import combinations, pairwise

import numpy as np
import pytest

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

PRICE = "#deaths-price .handle"


def at(session, selector):
    return session.find_element(By.CSS_SELECTOR, selector)


def value(session, name):
    return float(at(session, f"#deaths-{name}").get_attribute("value"))


def put(session, **values):
    code = """for (const [name, value] of Object.entries(arguments[0])) {
        const field = document.getElementById(`deaths-${name}`);
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }"""
    session.execute_script(code, values)


def test_the_last_step_has_one_line_and_one_mark(opened):
    look = """return ["#deaths-map .deaths-moment", ".neuron-moment"]
        .map((one) => getComputedStyle(document.querySelector(one)).display !== "none");"""
    assert opened.execute_script(look) == [True, True]
    assert "last" not in (at(opened, "#deaths-chosen").get_attribute("class") or "")
    at(opened, "#deaths-step").send_keys(Keys.END)
    assert opened.execute_script(look) == [False, False]
    assert at(opened, "#deaths-chosen").get_attribute("class") == "last"


def test_controls_verdict_map_and_neuron_are_seen_together(opened, looking):
    looking(opened, width=1280)
    order = ["presets", "settings", "outcome", "map", "counts"], ["outcome", "neuron", "moment"]
    code = """return arguments[0].map((name) => {
        const { top, bottom } = document.getElementById(`deaths-${name}`).getBoundingClientRect();
        return [top, bottom];
    });"""
    for names in order:
        places = opened.execute_script(code, names)
        assert all(one[1] <= other[0] for one, other in pairwise(places)), names
        assert places[-1][1] - opened.execute_script(code, ["presets"])[0][0] <= 900


@pytest.mark.parametrize("width", [320, 369, 390, 500, 929, 1024, 1280])
def test_no_label_is_too_small_to_read(opened, looking, width):
    looking(opened, width=width)
    code = """const scale = ({ a, b }) => Math.hypot(a, b); // some are turned
    return [...document.querySelectorAll("#deaths svg text")].filter((one) => one.textContent)
        .map((one) => parseFloat(getComputedStyle(one).fontSize) * scale(one.getScreenCTM()));"""
    sizes = opened.execute_script(code)
    assert len(sizes) > 30
    assert min(sizes) >= 11, min(sizes)
    assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    sliders = opened.execute_script(
        "return [...document.querySelectorAll('#deaths input[type=range]')].map((one) => one.clientWidth)"
    )
    assert len(sliders) == 7
    assert min(sliders) >= 100, sliders


def test_the_ring_of_the_slope_covers_no_number(opened):
    code = """const box = (one) => one.getBoundingClientRect();
    const svg = document.getElementById("deaths-price"), ring = box(svg.querySelector(".ring"));
    const beside = (one) => one.right < ring.left || one.left > ring.right;
    const above = (one) => one.bottom < ring.top || one.top > ring.bottom;
    return [...svg.querySelectorAll(".tick, .label")].map(box).filter((one) => !beside(one) && !above(one)).length;"""
    for slope in (0, 0.5, 0.8, 1):
        put(opened, slope=slope)
        assert opened.execute_script(code) == 0
    at(opened, PRICE).send_keys(Keys.HOME, Keys.ARROW_LEFT)
    assert value(opened, "slope") == 0


def test_no_line_crosses_the_share_of_active_inputs(opened):
    code = """const svg = document.getElementById("deaths-neuron");
    const { y } = svg.querySelector("clipPath rect").getBBox(), number = svg.querySelector(".numbers text").getBBox();
    return y - number.y - number.height;"""
    assert opened.execute_script(code) >= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_outcomes_are_told_apart_in_grey(opened, looking, theme):
    """Any two swatches differ in lightness or in how much of it their hatching varies."""
    image = pytest.importorskip("PIL.Image")
    looking(opened, theme=theme)
    greys = {}
    for cell in opened.find_elements(By.CSS_SELECTOR, "#deaths .legend .cell"):
        swatch = image.open(BytesIO(cell.screenshot_as_png)).convert("L")
        inside = np.asarray(swatch.crop((2, 2, swatch.width - 2, swatch.height - 2)), float)
        greys[cell.get_attribute("class").split()[1]] = inside.mean(), inside.std()
    print(greys)
    assert len(greys) == 5
    for one, other in combinations(greys, 2):
        assert np.abs(np.subtract(greys[one], greys[other])).max() >= 12, (one, other)
