"""Figure 2 as it is read: what stands where, what is said of what, and what a field says of its values."""

import pytest

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 20  # seconds, for what takes a moment on a busy machine
RING = "#reach-plane .handle .ring"
DEFAULT = {"w": -10, "optimizer": "SGD", "rate": 0.01, "second": 0, "slope": 0, "steps": 2000}


def at(session, selector):
    return session.find_element(By.CSS_SELECTOR, selector)


def text(session, selector="#reach-outcome"):
    return session.execute_script("return document.querySelector(arguments[0]).textContent", selector)


def put(session, **values):
    session.execute_script("FIGURES.get('reach')(arguments[0])", values)


@pytest.mark.parametrize(
    ("field", "typed", "allowed"),
    [
        ("reach-second", "1.5", "Allowed: 0 to 0.999"),
        ("reach-second", "-1", "Allowed: 0 to 0.999"),
        ("reach-w", "e", "Allowed: \u221212 to 12"),
        ("reach-steps", "60.5", "Allowed: whole numbers, 60 to 20,000"),
        ("deaths-w", "21", "Allowed: \u221220 to 20"),
        ("votes-w", "13", "Allowed: \u221212 to 12"),
    ],
)
def test_a_line_says_what_a_field_takes_and_moves_nothing(opened, field, typed, allowed):
    box = at(opened, f"#{field}")
    note = at(opened, "#" + box.get_attribute("aria-describedby"))
    figure = at(opened, f"#{field.split('-')[0]}")
    height, kept = figure.size["height"], box.get_attribute("value")
    assert note.text == ""
    box.clear()
    box.send_keys(typed)
    assert note.text == allowed
    assert note.get_attribute("role") == "alert"
    assert figure.size["height"] == height
    box.clear()
    box.send_keys(kept)
    assert note.text == ""


def test_what_a_pixel_does_not_tell_is_not_written(opened, gestures):
    x, y = gestures.centre(RING)
    gestures.drag((x, y), (x + 33.3, y - 77.7), (x + 31.7, y - 91.3))
    for name in ("rate", "second"):
        written = at(opened, f"#reach-{name}").get_attribute("value")
        assert len(written.lstrip("0.")) <= 3


def test_an_address_keeps_all_digits_and_the_box_shows_them(opened, page):
    opened.get("about:blank")
    opened.get(f"{page.as_uri()}#figure=reach&w=-1.67102&second=0.8100197&rate=0.0996123")
    for name, expected in (("w", "-1.67102"), ("second", "0.8100197"), ("rate", "0.0996123")):
        box = at(opened, f"#reach-{name}")
        assert box.get_attribute("value") == expected
        assert opened.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", box)


def test_controls_verdict_and_charts_are_seen_together(opened, page, looking):
    looking(opened, width=1280)
    opened.get("about:blank")
    opened.get(f"{page.as_uri()}#figure=reach&w=-1&rate=1.5")
    within = """return ["form", "outcome", "plane", "hops", "closeup", "weights"].every((name) => {
        const { top, bottom } = document.getElementById(`reach-${name}`).getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
    });"""
    assert opened.execute_script(within)
    for button in opened.find_elements(By.CSS_SELECTOR, "#reach [data-run]"):
        opened.execute_script("scrollBy(0, -300)")
        button.click()
        assert opened.execute_script(within)


@pytest.mark.usefixtures("afresh")
def test_the_plane_has_no_colour_of_an_outcome_and_says_how_long_a_run_is(opened):
    put(opened, **(DEFAULT | {"w": -1, "steps": 777}))
    opened.execute_script("document.getElementById('reach-plane').scrollIntoView({ block: 'center' })")
    WebDriverWait(opened, WAIT).until(lambda _: text(opened, "#reach-cells").startswith("96"))
    assert "Within the 777 steps chosen" in " ".join(at(opened, "#reach .legend").text.split())
    code = """const style = getComputedStyle(document.documentElement);
    const outcomes = ["learned", "way", "stuck", "dead"].map((name) => {
        const probe = document.body.appendChild(document.createElement("i"));
        probe.style.color = style.getPropertyValue(`--${name}`);
        return getComputedStyle(probe).color;
    });
    return [...document.querySelectorAll("#reach-plane .cell, #pattern-stays path")].flatMap((one) =>
        [getComputedStyle(one).fill, getComputedStyle(one).stroke]).filter((one) => outcomes.includes(one));"""
    assert opened.execute_script(code) == []
    assert "pattern-stays" in opened.execute_script(
        "return getComputedStyle(document.querySelector('#reach-plane .stays')).fill"
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"w": 3, "rate": 2.9}, "Right of 0 each step multiplies the distance to the minimum by 1 \u2212 rate, here"),
        ({"w": 3, "rate": 2.5}, "here \u22121.5: it grows"),
        ({"w": -1, "rate": 2.5}, "here \u22121.5: it grows, so w never settles."),
        ({"w": -1, "rate": 2.5}, "the first step jumps over 0. Right of 0 each step multiplies"),
        ({"w": 3, "rate": 2, "slope": -0.5}, "by 1 \u2212 rate (1 + s\u00b2), here \u22121.5: it grows"),
        ({"w": 3, "rate": 2.9, "second": 0.4}, "At rates above 2.8, with this momentum,"),
        ({"w": 3, "rate": 2.9, "second": 0.4, "optimizer": "Nesterov"}, "At rates above 1.56, with this momentum,"),
    ],
)
def test_why_a_large_rate_does_not_settle_is_said(opened, state, words):
    put(opened, **(DEFAULT | state))
    assert words in text(opened)
    put(opened, **(DEFAULT | state | {"rate": 1.2, "w": 3, "steps": 20000}))
    assert "distance to the minimum" not in text(opened)


@pytest.mark.parametrize("optimizer", ["SGD", "Nesterov"])
def test_beyond_the_limit_no_run_settles_and_below_each_does(opened, optimizer):
    code = """const [optimizer, found] = [arguments[0], []];
    for (const second of [0, 0.3, 0.9]) {
        for (const slope of [0, 0.5, -0.5]) {
            const limit = settlingLimit({ optimizer, second, slope });
            for (const share of [0.97, 1.03]) {
                const minimum = 1 / (1 + slope ** 2);
                const settings = { optimizer, rate: limit * share, second, slope, steps: 2000 };
                const path = descend({ ...settings, w: minimum * (1 + 1e-6), b: 0, bias: false });
                found.push(share < 1 === Math.abs(path.w.at(-1) - minimum) < 1e-6);
            }
        }
    }
    return found;"""
    assert opened.execute_script(code, optimizer) == [True] * 18


def test_single_hops_are_seen_enlarged(opened, hops):
    for state, zoom in (({}, "8"), ({"optimizer": "Adam", "second": 0.9}, "64"), ({"second": 0.9}, "2")):
        put(opened, **(DEFAULT | state))
        seen = hops(opened, "closeup")
        assert len(seen) == 20
        assert sum(abs(end - start) for start, end in seen) >= 0.25 * 368
        assert text(opened, "#reach-zoom") == f"enlarged {zoom} times"
        labels = "return [...document.querySelectorAll('#reach-closeup .numbers text')].map((one) => one.textContent)"
        assert {"10", "20"} <= set(opened.execute_script(labels))


def test_the_close_up_stands_still_while_the_ring_is_dragged(opened, gestures):
    ticks = "return document.querySelector('#reach-closeup [aria-hidden]').innerHTML"
    before = opened.execute_script(ticks)
    x, y = gestures.centre(RING)
    gestures._mouse("mousePressed", (x, y), button="left", clickCount=1)
    gestures._mouse("mouseMoved", (x - 100, y - 50), button="left")
    assert float(at(opened, "#reach-rate").get_attribute("value")) < 0.005
    assert opened.execute_script(ticks) == before
    gestures._mouse("mouseReleased", (x - 100, y - 50), button="left", clickCount=1)
    assert opened.execute_script(ticks) != before
    assert text(opened, "#reach-zoom").startswith("enlarged")


def test_a_minimum_that_is_not_the_least_is_hollow(opened):
    for slope, hollow in ((-0.3, 1), (-1, 0), (0, 0)):
        put(opened, **(DEFAULT | {"slope": slope, "w": -1}))
        assert len(opened.find_elements(By.CSS_SELECTOR, "#reach-hops .lesser")) == hollow


def test_no_outline_hides_what_is_aimed_at_and_the_ring_no_number(opened):
    handle = at(opened, "#reach-plane .handle")
    handle.send_keys(Keys.ARROW_DOWN)  # at (0.01, 0), on the axis
    assert handle.value_of_css_property("outline-style") == "none"
    code = """const ring = document.querySelector("#reach-plane .ring").getBoundingClientRect();
    const numbers = [...document.querySelectorAll("#reach-plane .tick")].map((one) => one.getBoundingClientRect());
    return numbers.filter((one) =>
        one.left < ring.right && one.right > ring.left && one.top + 3 < ring.bottom && one.bottom > ring.top).length;"""
    assert opened.execute_script(code) == 0


def test_a_weight_alone_is_said_to_diverge(opened):
    put(opened, **(DEFAULT | {"w": -1, "rate": 2.9}))
    assert "w is beyond a million" in text(opened)
    assert "w or b" not in text(opened)


def test_controls_stand_in_line(opened):
    code = """return ["w", "optimizer", "rate"].map((name) => {
        const box = document.getElementById(`reach-${name}`).getBoundingClientRect();
        return [Math.round(box.top), Math.round(box.height)];
    });"""
    first, *others = opened.execute_script(code)
    assert others == [first, first]
    tops = "return [...document.querySelectorAll('#reach [data-run]')].map((one) => one.getBoundingClientRect().top)"
    assert len(set(opened.execute_script(tops))) == 1
