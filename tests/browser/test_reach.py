"""Figure 2: the plane of learning rate and momentum, with mouse, finger and keys."""

import math
import random
from itertools import pairwise, product

import pytest

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 20  # seconds, for what takes a moment on a busy machine
RING = "#reach-plane .handle .ring"
FINEST = "96 \u00d7 64"
OPTIMIZERS = ("SGD", "Nesterov", "Adam", "AMSGrad", "AdamW", "RMSprop")
DEFAULT = {"w": -10, "optimizer": "SGD", "rate": 0.01, "second": 0, "slope": 0, "steps": 2000}


def at(session, selector):
    return session.find_element(By.CSS_SELECTOR, selector)


def text(session, selector="#reach-outcome"):
    return session.execute_script("return document.querySelector(arguments[0]).textContent", selector)


def put(session, **values):
    session.execute_script("FIGURES.get('reach')(arguments[0])", values)


def put_all(session, states, look):
    """What an expression is in each of some states, which the page paints none of."""
    code = f"""const [figure, outcome] = ["reach", "reach-outcome"].map((id) => document.getElementById(id));
    return arguments[0].map((state) => {{
        FIGURES.get("reach")(state);
        return {look};
    }});"""
    return session.execute_script(code, states)


def values(session):
    code = "return Object.fromEntries([...new FormData(document.getElementById('reach-form'))])"
    return {
        name: value if name == "optimizer" else float(value) for name, value in session.execute_script(code).items()
    }


def filled(session):
    """Wait until the whole plane is computed, which is not before it is near the window."""
    session.execute_script("document.getElementById('reach-plane').scrollIntoView({ block: 'center' })")
    WebDriverWait(session, WAIT).until(lambda _: text(session, "#reach-cells").startswith(FINEST))


def kinds(session, selector="#reach-plane .cell"):
    code = "return [...document.querySelectorAll(arguments[0])].map((one) => one.classList[1])"
    return session.execute_script(code, selector)


def axes(session):
    code = """return ["plane", "hops", "weights"].map((name) =>
        [...document.querySelectorAll(`#reach-${name} [aria-hidden] > *`)].map((one) => one.outerHTML).join(""));"""
    return session.execute_script(code)


def place(session, rate, second):
    """Where a rate and a second setting are in the window."""
    code = """const svg = document.getElementById("reach-plane");
    svg.scrollIntoView({block: "center"});
    const [inside, axes] = [svg.querySelector("clipPath rect").getBBox(), svg.getScreenCTM()];
    const x = inside.x + inside.width * arguments[0], y = inside.y + inside.height * (1 - arguments[1]);
    const point = new DOMPoint(x, y).matrixTransform(axes);
    return [point.x, point.y];"""
    return tuple(session.execute_script(code, math.log(rate / 1e-3) / math.log(3e3), second))


def pixels_from(session, rate, second):
    """How far in the window the settings are from others."""
    found = values(session)
    return math.dist(place(session, found["rate"], found["second"]), place(session, rate, second))


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ({}, "stuck", "Stuck: just left of 0, where the pull on w fades out."),
        ({"second": 0.9}, "learned", "w crosses 0 at step 24. Momentum 0.9 lies above the border 0.81 for this rate"),
        ({"w": -1, "rate": 1.5}, "learned", "The rate is above 1, so the first step jumps over 0."),
        ({"w": -1, "rate": 2.9}, "diverged", "Diverged"),
        ({"w": 12, "rate": 0.001}, "way", "On its way"),
        ({"slope": 0.3, "rate": 0.001}, "way", "On its way"),
        ({"slope": 0.3}, "learned", "which for this slope is 0.0413, not 0"),
        ({"slope": 1, "rate": 0.1}, "stuck", "which is no less than that of a straight line"),
        ({"slope": 1, "w": 3, "rate": 0.1}, "stuck", "expected loss 0.25"),
        ({"slope": -0.5, "rate": 0.1}, "stuck", "Left of 0 this slope makes a second minimum, at w = \u22120.4"),
        ({"optimizer": "Adam", "second": 0.9}, "way", "in a longer run w crosses 0, at step 6,217"),
        ({"optimizer": "Adam", "second": 0.9, "rate": 0.001, "w": -12}, "way", "at least 12,000 steps to 0, and more"),
        ({"optimizer": "AMSGrad", "second": 0.9}, "way", "its steps shrink as the pull does."),
        ({"optimizer": "RMSprop"}, "learned", "about 0.01 a step, at first by up to three times as much."),
        ({"optimizer": "Adam", "second": 0.9, "steps": 20000}, "learned", "w crosses 0 at step 6,217"),
        ({"optimizer": "Nesterov", "rate": 0.1, "second": 0.52}, "learned", "the border 0.519 for this rate: w swings"),
        ({"optimizer": "Nesterov", "rate": 0.1, "second": 0.51}, "stuck", "below the border 0.519"),
        ({"rate": 0.1, "second": 0.468, "steps": 60}, "stuck", "but only at step"),
    ],
)
def test_the_sentence_is_true(functions, state, kind, words):
    put(functions, **(DEFAULT | state))
    assert words in text(functions)
    assert at(functions, "#reach-outcome").get_attribute("class") == f"outcome {kind}"


def test_slope_one_is_never_called_learned(functions):
    starts, names, rates = (-12, -1, 0, 0.5, 3, 12), OPTIMIZERS, (0.001, 0.1, 1.5)
    changes = [dict(zip(("w", "optimizer", "rate"), one, strict=True)) for one in product(starts, names, rates)]
    said = put_all(functions, [DEFAULT | {"slope": 1} | change for change in changes], "outcome.textContent")
    assert len(said) == 108
    assert not any(words.startswith("Learned") for words in said)


def test_the_border_in_the_picture_divides_what_crosses(opened, gestures):
    for rate in (0.002, 0.03, 0.4):
        border = (1 - math.sqrt(rate)) ** 2
        for second, words in ((border + 0.06, "w crosses 0"), (border - 0.06, "w does not cross 0")):
            gestures.click(place(opened, rate, second))
            assert words in text(opened)
            assert pixels_from(opened, rate, second) <= math.sqrt(2)  # a click is at whole pixels, across and up


def test_both_minima_are_drawn_and_every_colour_is_explained(opened):
    stars = "return document.querySelectorAll('#reach-hops .target').length"
    assert opened.execute_script(stars) == 1
    put(opened, slope=-1)
    assert opened.execute_script(stars) == 2
    put(opened, slope=-0.5)
    assert opened.execute_script(stars) == 2
    put(opened, **(DEFAULT | {"w": -1}))
    filled(opened)
    assert sorted(kinds(opened)) == sorted(kinds(opened, "#reach .legend .cell")) == ["crosses", "diverges", "stays"]
    looks = """return [...document.querySelectorAll("#reach-plane .cell")].map((one) => getComputedStyle(one))
        .map((style) => `${style.fill} ${style.fillOpacity}`);"""
    assert len(set(opened.execute_script(looks))) == 3


@pytest.mark.parametrize("width", [390, 1100])
def test_dragging_the_ring_by_a_pixel_changes_a_pixel_worth_and_nothing_else(opened, looking, gestures, width):
    looking(opened, width=width)
    put(opened, **(DEFAULT | {"second": 0.5}))
    filled(opened)
    before, height = axes(opened), at(opened, "#reach").size["height"]
    drag = gestures.swipe if width < 600 else gestures.drag
    for _ in range(10):
        first = place(opened, values(opened)["rate"], values(opened)["second"])
        x, y = gestures.centre(RING)
        drag((x, y), (x + 1, y - 1))
        found = place(opened, values(opened)["rate"], values(opened)["second"])
        assert math.dist(found, (first[0] + 1, first[1] - 1)) <= 1
    x, y = gestures.centre(RING)
    drag((x, y), (x + 30, y - 20), (x + 60, y + 40), (1, y + 300))
    assert (values(opened)["rate"], values(opened)["second"]) == (0.001, 0)
    assert axes(opened) == before
    assert opened.execute_script("return String(getSelection())") == ""
    assert at(opened, "#reach").size["height"] == height
    assert text(opened, "#reach-cells").startswith(FINEST)  # the plane is not computed again


def test_keys_reach_what_the_mouse_reaches(opened):
    handle = at(opened, "#reach-plane .handle")
    assert handle.get_attribute("aria-valuetext") == "learning rate 0.01, momentum 0"
    handle.send_keys(*[Keys.PAGE_UP] * 40)
    assert values(opened)["second"] == 0.999
    handle.send_keys(*[Keys.SHIFT + Keys.ARROW_RIGHT] * 40, Keys.NULL)
    assert values(opened)["rate"] == 3
    handle.send_keys(*[Keys.ARROW_DOWN] * 3)
    assert pixels_from(opened, 3, 0.999 - 3 / 200) <= 1
    assert "momentum 0.98" in handle.get_attribute("aria-valuetext")
    assert (
        opened.execute_script("return document.activeElement.getAttribute('aria-label')")
        == "learning rate and momentum"
    )


@pytest.mark.usefixtures("afresh")
def test_a_vertical_swipe_over_the_plane_scrolls_and_changes_nothing(opened, looking, gestures):
    looking(opened, width=390)
    filled(opened)
    x, y = place(opened, 0.3, 0.6)
    before = values(opened)
    assert gestures.is_scrolled_by_finger((x, y), up=165)
    assert values(opened) == before


def test_a_tap_puts_the_ring(opened, looking, gestures):
    looking(opened, width=390)
    gestures.swipe(place(opened, 0.3, 0.6))
    WebDriverWait(opened, WAIT).until(lambda _: values(opened)["rate"] != 0.01)
    assert pixels_from(opened, 0.3, 0.6) <= 1


@pytest.mark.parametrize("width", [320, 1100])
def test_words_of_any_length_leave_the_height_alone(opened, looking, width):
    looking(opened, width=width)
    random.seed(5)
    filled(opened)
    states = [
        {
            "w": random.choice([-10, -9.87, -1, 0, 12]),
            "optimizer": OPTIMIZERS[k % 6],
            "rate": random.choice([0.001, 0.0123, 0.123, 1.23, 2.9]),
            "second": random.choice([0, 0.468, 0.877, 0.999]),
            "slope": random.choice([0, 0, 0.3, -0.123, 1]),
            "steps": random.choice([60, 2345]),
        }
        for k in range(60)
    ]
    heights = put_all(opened, states, "figure.getBoundingClientRect().height")
    assert len(heights) == 60
    assert len(set(heights)) == 1


@pytest.mark.parametrize("w", [-12, -10, -3, -1, -0.01, 0, 1, 12])
def test_the_start_is_seen_and_the_axes_stand_still_whatever_the_steps_do(opened, hops, w):
    put(opened, **(DEFAULT | {"w": w}))
    before = axes(opened)
    for state in ({"rate": 2.9}, {"second": 0.999}, {"rate": 0.001}, {"optimizer": "RMSprop", "rate": 3}):
        put(opened, **state)
        assert axes(opened)[1:] == before[1:]
        code = """const [mark, box] = ["#reach-hops .mark.start .here", "#reach-hops .grid"].map((one) =>
            document.querySelector(one).getBoundingClientRect());
        const inside = document.getElementById("reach-hops").getBoundingClientRect();
        return [mark.left >= inside.left, mark.right <= inside.right,
            mark.top >= inside.top, mark.bottom <= inside.bottom,
            document.querySelector("#reach-hops .mark.start").classList.contains("outside")];"""
        assert opened.execute_script(code) == [True] * 4 + [False]
        assert 1 <= len(hops(opened, "hops")) <= 60


def test_hops_lie_on_the_run(opened, hops):
    put(opened, **(DEFAULT | {"w": -1, "rate": 1.5}))
    path = opened.execute_script(
        """return descend({ w: -1, optimizer: "SGD", rate: 1.5, second: 0, slope: 0, steps: 60 }).w"""
    )
    ends = hops(opened, "hops")
    width, left = 368, 52
    for (start, end), (w, after) in zip(ends, pairwise(path), strict=True):
        for found, weight in ((start, w), (end, after)):
            assert 10 * abs(found - left - width * (weight + 2) / 4) <= 1  # a tenth is kept


def test_presets_menus_and_names(opened):
    buttons = opened.find_elements(By.CSS_SELECTOR, "#reach [data-run]")
    assert len(buttons) == 6
    found = {}
    for button in buttons:
        button.click()
        found[button.text] = text(opened).split(":")[0]
    assert list(found.values())[:5] == ["Stuck", "Learned", "Learned", "On its way", "Learned"]
    assert list(found.values())[5:] == ["Learned, as far as this slope can"]
    for optimizer, second, usual in (
        ("Adam", "beta_1", 0.9),
        ("RMSprop", "momentum", 0),
        ("Nesterov", "momentum", 0.9),
    ):
        Select(at(opened, "#reach-optimizer")).select_by_value(optimizer)
        assert at(opened, "label[for=reach-second]").text == second
        assert values(opened)["second"] == usual
        assert second in opened.execute_script("return document.getElementById('reach-plane').textContent")


def test_the_border_is_drawn_where_it_is_known_and_the_text_says_so(opened):
    line = "return document.querySelectorAll('#reach-plane .border .over').length"
    for state, words in (
        ({}, "The line is the border"),
        ({"optimizer": "Nesterov"}, "The line is the border"),
        ({"w": 1}, "its formula is for a ReLU (slope 0) that starts the wrong way"),
        ({"slope": 0.3}, "its formula is for a ReLU (slope 0) that starts the wrong way"),
        ({"optimizer": "Adam"}, "for Adam there is no such formula"),
    ):
        put(opened, **(DEFAULT | state))
        assert words in text(opened, "#reach-border")
        assert opened.execute_script(line) == int(words.startswith("The line"))


def test_the_address_has_the_state_and_brings_it_back(opened, page):
    opened.get(f"{page.as_uri()}#figure=reach&w=-1&optimizer=Adam&rate=0.5&second=0.25&slope=0.3&steps=777")
    expected = {"w": -1, "optimizer": "Adam", "rate": 0.5, "second": 0.25, "slope": 0.3, "steps": 777}
    assert values(opened) == expected
    field = at(opened, "#reach-rate")
    field.clear()
    field.send_keys("0.123")
    WebDriverWait(opened, WAIT).until(lambda _: "rate=0.123" in opened.execute_script("return location.hash"))
    opened.refresh()
    assert values(opened) == expected | {"rate": 0.123}


def test_the_run_is_named_also_where_there_are_no_controls(opened, looking):
    put(opened, **(DEFAULT | {"optimizer": "AdamW", "second": 0.9, "slope": 0.3}))
    looking(opened, media="print")
    assert not at(opened, "#reach-w").is_displayed()
    words = at(opened, "#reach-run").text
    assert "AdamW, learning rate 0.01, beta_1 0.9, negative slope 0.3 from w = \u221210, 2,000 steps" in words
    assert at(opened, "#reach-outcome").is_displayed()


def test_what_is_no_number_of_its_range_is_marked_and_changes_nothing(opened):
    before = text(opened)
    field = at(opened, "#reach-w")
    field.clear()
    field.send_keys("-13")
    assert field.get_attribute("aria-invalid") == "true"
    assert "After 2,000 steps" in text(opened)
    field.clear()
    field.send_keys("-10")
    assert text(opened) == before


def test_a_change_stops_the_plane_that_is_being_filled(opened):
    put(opened, **(DEFAULT | {"optimizer": "AMSGrad", "steps": 20000}))
    put(opened, **(DEFAULT | {"w": 1}))
    filled(opened)
    found = kinds(opened)
    opened.execute_async_script("setTimeout(arguments[0], 500)")
    assert kinds(opened) == found
    assert text(opened, "#reach-cells").startswith(FINEST)


def test_axe_finds_nothing_in_the_figure(opened, looking, violations):
    for theme in ("light", "dark"):
        looking(opened, theme=theme)
        for state in (DEFAULT, DEFAULT | {"w": -1, "rate": 2.9}, DEFAULT | {"w": 12, "rate": 0.001}):
            put(opened, **state)
            filled(opened)
            assert violations(opened, "#reach") == {}
