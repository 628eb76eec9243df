"""Figure 1, "Who gets a vote?": what can be done with it by mouse, finger and keys."""

import re
import tomllib
from importlib import resources

import numpy as np
import pytest

from compare.report.data import FEW
from compare.report.numbers import plain
from reference import SGD, Experiment, Parameters, draw_batches, train

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 10  # seconds, for what is due at once
MINUS = "\u2212"


def at(session, name):
    return session.find_element(By.ID, f"votes-{name}")


def test_the_linked_claims_are_shipped_ones():
    template = resources.files("compare.report").joinpath("parts/votes.html").read_text()
    ids = re.findall(r'"([a-z-]+)"', re.search(r"set decides = \((.*?)\)", template).group(1))
    shipped = tomllib.loads(resources.files("compare.claims").joinpath("shipped/source.toml").read_text())
    assert len(ids) == 5
    assert set(ids) <= {claim["id"] for claim in shipped["claim"]}


def weight(session):
    return float(at(session, "w").get_property("value"))


def axes(session):
    """All that must not move: the axes of the three charts, as text."""
    code = "return ['neuron', 'pulls', 'loss'].map(id => document.querySelector(`#votes-${id} > g`).outerHTML)"
    return session.execute_script(code)


def unit(session, chart, axis):
    """Pixels of the screen for a unit of an axis of a chart, from its outermost labels."""
    code = """const [id, axis] = arguments;
    const kind = axis === "x" ? "middle" : "end";
    const ticks = [...document.querySelectorAll(`#votes-${id} > g:nth-of-type(1) .tick.${kind}`)].map(one => {
        const {x, y, width} = one.getBoundingClientRect();
        return [Number(one.textContent.replace("\u2212", "-")), axis === "x" ? x + width / 2 : -y];
    });
    const [low, high] = [ticks[0], ticks.at(-1)];
    return (high[1] - low[1]) / (high[0] - low[0]);"""
    return session.execute_script(code, chart, axis)


def marks(session, chart, kind):
    path = session.find_element(By.CSS_SELECTOR, f"#votes-{chart} .votes-{kind}").get_attribute("d") or ""
    return path.count("h0" if kind == "on" else "m-2.5" if kind == "off" else "V")


LINE, BALL = "#votes-neuron .handle", "#votes-loss .handle"


@pytest.mark.usefixtures("afresh")
def test_it_comes_first_and_says_who_votes(opened):
    sections = opened.execute_script("return [...document.querySelectorAll('main > section')].map(one => one.id)")
    assert sections[0] == "votes"
    assert at(opened, "words").text.split("\n") == [
        "20 of 40 inputs have a vote.",
        "Below 0: 20 pull w up by 2.",
        "Above 0: 20 are switched off: no vote.",
        f"Sum 2, slope of the tangent {MINUS}2.",
    ]
    assert [marks(opened, "pulls", kind) for kind in ("on", "off")] == [20, 20]
    assert opened.find_element(By.CSS_SELECTOR, "#votes-pulls .votes-arrow").get_attribute("d").count("H") == 20


@pytest.mark.parametrize(
    ("w", "s", "lines"),
    [
        (0, 0, ["0 of 40", "Below 0: 20 are switched off", "Above 0: 20 are switched off", "Sum 0"]),
        (0.05, 0, ["20 of 40", "Below 0: 20 are switched off", "Above 0: 20 pull w up by 0.95.", "Sum 0.95"]),
        (1, 0, ["20 of 40", "Below 0: 20 are switched off", "Above 0: 20 are content", "Sum 0"]),
        (2, 0, ["20 of 40", "Below 0: 20 are switched off", "Above 0: 20 pull w down by 1.", f"Sum {MINUS}1,"]),
        (
            -0.5,
            0.5,
            [
                "40 of 40",
                "Below 0: 20 pull w up by 0.5.",
                "Above 0: 20 pull w up by 0.625.",
                "Sum 1.13",
            ],
        ),
        (-10, 0, ["20 of 40", "Below 0: 20 pull w up by 10.", "Above 0: 20 are switched off", "Sum 10"]),
    ],
)
def test_the_address_puts_a_state_and_the_words_say_it(opened, w, s, lines):
    opened.execute_script("location.hash = arguments[0]", f"#figure=votes&w={w}&slope={s}")
    WebDriverWait(opened, WAIT).until(lambda _: weight(opened) == w)
    for line, expected in zip(at(opened, "words").text.split("\n"), lines, strict=True):
        assert line.startswith(expected)
    assert [marks(opened, "pulls", kind) for kind in ("on", "off")] == [int(lines[0][:2]), 40 - int(lines[0][:2])]


def test_a_state_gets_into_the_address(opened):
    field = at(opened, "w")
    field.clear()
    field.send_keys("-0.25")
    WebDriverWait(opened, WAIT).until(lambda _: "figure=votes&w=-0.25&" in opened.current_url)
    assert opened.current_url.endswith("rate=0.1&slope=0")


def test_the_ball_follows_the_mouse_and_the_axes_stand_still(opened, gestures):
    before, scale = axes(opened), unit(opened, "loss", "x")
    x, y = gestures.centre(BALL)
    for far in (7, 60, -20):
        w = weight(opened)
        gestures.drag((x, y), (x + far / 2, y + 30), (x + far, y - 30))
        assert round((weight(opened) - w) * scale) == far
        x, y = gestures.centre(BALL)
    assert axes(opened) == before
    assert opened.execute_script("return getSelection().toString()") == ""


def test_the_line_turns_with_the_mouse_and_the_ball_with_it(opened, gestures):
    before, scale = axes(opened), unit(opened, "neuron", "y")
    x, y = gestures.centre(LINE)
    ball = gestures.session.execute_script(
        "return document.querySelector(arguments[0]).getBoundingClientRect().x", BALL
    )
    gestures.drag((x, y), (x + 40, y - 25), (x - 10, y - 50))
    assert round((weight(opened) + 2) * scale) == 50
    moved = opened.execute_script("return document.querySelector(arguments[0]).getBoundingClientRect().x", BALL) - ball
    assert abs(moved - (weight(opened) + 2) * unit(opened, "loss", "x")) < 1
    assert axes(opened) == before


def test_a_start_outside_the_picture_waits_at_its_edge_and_can_be_dragged_in(opened, gestures):
    opened.execute_script("location.hash = '#figure=votes&w=-10'")
    WebDriverWait(opened, WAIT).until(lambda _: weight(opened) == -10)
    for handle in (LINE, BALL):
        inside = """const handle = document.querySelector(arguments[0]);
        const ring = handle.querySelector(".ring").getBoundingClientRect();
        const chart = handle.closest("svg").getBoundingClientRect();
        return [handle.classList.contains("outside"), ring.left >= chart.left && ring.right <= chart.right
            && ring.bottom <= chart.bottom && ring.top >= chart.top - ring.height / 2];"""
        assert opened.execute_script(inside, handle) == [True, True]
    x, y = gestures.centre(BALL)
    gestures.drag((x, y), (x + 20, y), (x + 90, y))
    assert -2 < weight(opened) < -1


def test_keys_reach_what_the_mouse_reaches(opened):
    for selector, forth, back in ((LINE, Keys.ARROW_UP, Keys.ARROW_DOWN), (BALL, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)):
        handle = opened.find_element(By.CSS_SELECTOR, selector)
        w = weight(opened)
        handle.send_keys(forth)
        assert w < weight(opened) < w + 0.05
        handle.send_keys(back)
        assert round(weight(opened), 2) == round(w, 2)
        handle.send_keys(Keys.END)
        assert weight(opened) > 2
        assert f"w = {weight(opened):g}" in handle.get_attribute("aria-valuetext")
        handle.send_keys(Keys.HOME)
        assert weight(opened) == -2.5


@pytest.mark.usefixtures("afresh")
def test_on_a_phone_only_the_ball_takes_the_finger(opened, looking, gestures):
    looking(opened, width=390)
    x, y = gestures.centre(BALL)
    gestures.swipe((x, y), (x + 30, y + 5), (x + 80, y + 10))
    w = weight(opened)
    assert round((w + 2) * unit(opened, "loss", "x")) == 80
    x, y = gestures.centre(LINE)
    gestures.swipe((x, y), (x, y - 10), (x, y - 30))  # along the page, which must not take it
    assert round((weight(opened) - w) * unit(opened, "neuron", "y")) == 30
    w = weight(opened)
    for chart in ("neuron", "pulls", "loss"):
        x, y = gestures.centre(f"#votes-{chart}")
        assert gestures.is_scrolled_by_finger((x + 60, y), up=160)
        assert weight(opened) == w


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_below_moves_whatever_the_words_say(opened, looking, width):
    looking(opened, width=width)
    code = """const places = new Set();
    const slow = [[-0.00123, 0], [-0.0333, -0.0345]];
    for (const [w, slope] of [[-2, 0], [0, 0], [0.05, 0.345], [-0.0123, -0.345], [-11.9, 1], [1.23, 0.345], ...slow]) {
        for (const press of ["reset", "batch", "batch", "step"]) {
            if (press === "reset") {
                FIGURES.get("votes")({ w, slope, rate: 0.0123 });
            } else {
                document.getElementById(`votes-${press}`).click();
            }
            places.add(Math.round(document.getElementById("votes-form").getBoundingClientRect().top + scrollY));
        }
    }
    return [...places];"""
    assert len(opened.execute_script(code)) == 1


def test_one_step_goes_on_the_expected_loss_and_one_batch_on_forty_random_inputs(opened):
    at(opened, "step").click()
    assert weight(opened) == -1.8
    assert at(opened, "told").text == f"Step 1: w moves by 0.1 \u00d7 2, from {MINUS}2 to {MINUS}1.8."
    x, _ = draw_batches(FEW)
    w = -1.8
    for i in range(3):
        pull = -2 * float(np.mean(np.where(w * x[i] > 0, (w * x[i] - np.maximum(x[i], 0)) * x[i], 0)))
        at(opened, "batch").click()
        assert f": pull {plain(pull)}, expected {plain(-w)};" in at(opened, "told").text
        w += 0.1 * pull
        assert weight(opened) == float(f"{w:.6g}")
    assert at(opened, "told").text.startswith("Batch 3 of 50")
    voters = int((w * x[2] > 0).sum())
    assert [marks(opened, "pulls", kind) for kind in ("on", "off")] == [voters, 40 - voters]
    assert "expected" in at(opened, "words").text
    assert opened.find_element(By.CSS_SELECTOR, "#votes-pulls .votes-expected").get_attribute("d")
    at(opened, "reset").click()
    assert weight(opened) == -2
    assert at(opened, "told").text.startswith("No step yet")
    assert [marks(opened, "pulls", kind) for kind in ("on", "off")] == [20, 20]


def test_after_fifty_batches_w_is_where_the_reference_is(opened):
    at(opened, "batch").send_keys(Keys.ENTER * 50)
    settings = {"initial": Parameters(w=-2.0), "optimizer": SGD(learning_rate=0.1)}
    run = train(Experiment(**settings, batch_size=40, steps=50, dtype="float64"))
    assert weight(opened) == float(f"{float(run.end.w):.6g}")


@pytest.mark.parametrize(
    ("slope", "rate", "ends"),
    [
        (0, 1, "Stuck: at 0, where no input has a vote"),
        (0.25, 0.9, "Learned, as far as this slope can: at its least loss, which for this slope is 0.0294, not 0."),
        (0, 1.2, "Learned: at its least loss."),
    ],
)
def test_it_plays_until_w_has_arrived_and_says_where(opened, slope, rate, ends):
    opened.execute_script("FIGURES.get('votes')({ w: -2, slope: arguments[0], rate: arguments[1] })", slope, rate)
    before = axes(opened)
    code = "const play = document.getElementById('votes-play'); play.click(); return play.textContent;"
    assert opened.execute_script(code) == "Pause"  # one step later it may have arrived
    WebDriverWait(opened, WAIT).until(lambda _: at(opened, "play").text == "Play")
    assert ends in at(opened, "told").text
    assert axes(opened) == before
    at(opened, "play").click()  # from the start again
    WebDriverWait(opened, WAIT).until(lambda _: at(opened, "play").text == "Play")
    assert ends in at(opened, "told").text


def test_it_pauses_and_nothing_plays_where_motion_is_reduced(opened, looking):
    assert not at(opened, "still").is_displayed()
    at(opened, "play").click()
    WebDriverWait(opened, WAIT).until(lambda _: weight(opened) > -1.9)
    at(opened, "play").click()
    w = weight(opened)
    opened.execute_async_script("setTimeout(arguments[0], 5 * VOTES_TICK)")
    assert weight(opened) == w
    at(opened, "play").click()
    looking(opened, motion="reduce")
    WebDriverWait(opened, WAIT).until(lambda _: not at(opened, "play").is_displayed())
    assert at(opened, "still").is_displayed()
    w = weight(opened)
    opened.execute_async_script("setTimeout(arguments[0], 5 * VOTES_TICK)")
    assert weight(opened) == w
    at(opened, "step").click()
    assert weight(opened) > w


def test_all_minima_are_drawn(opened):
    stars = {}
    for slope in (0, 0.5, -0.5, -1):
        opened.execute_script("FIGURES.get('votes')({ slope: arguments[0] })", slope)
        stars[slope] = [
            len(opened.find_elements(By.CSS_SELECTOR, f"#votes-loss .target{kind}"))
            for kind in (":not(.lesser)", ".lesser")
        ]
    assert stars == {0: [1, 0], 0.5: [1, 0], -0.5: [1, 1], -1: [2, 0]}


def test_the_cases_in_the_text_can_be_shown(opened):
    for button in opened.find_elements(By.CSS_SELECTOR, "#votes [data-w]"):
        button.send_keys(Keys.ENTER)
        assert weight(opened) == float(button.get_attribute("data-w"))
        assert float(at(opened, "slope").get_property("value")) == float(button.get_attribute("data-slope"))
