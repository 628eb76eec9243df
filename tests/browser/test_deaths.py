"""Where neurons die: the figure as somebody uses it, by mouse, finger and keys."""

import pytest

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 30  # seconds, for a map on a busy machine
START = "#deaths-map .handle"
PRICE = "#deaths-price .handle"
OUTPUTS = ("outcome", "counts", "moment", "best")


def at(session, selector):
    return session.find_element(By.CSS_SELECTOR, selector)


def value(session, name):
    return float(at(session, f"#deaths-{name}").get_attribute("value"))


def text(session, name):
    return at(session, f"#deaths-{name}").text


def place(session, w, b):
    """Where in the window a start of the map is, once the map is in its middle."""
    code = """const svg = document.getElementById("deaths-map");
    svg.scrollIntoView({ block: "center" });
    const { x, y, width, height } = svg.querySelector("clipPath rect").getBBox();
    const point = new DOMPoint(x + width * (arguments[0] + 3) / 6, y + height * (3 - arguments[1]) / 6);
    const { x: right, y: down } = point.matrixTransform(svg.getScreenCTM());
    return [right, down];"""
    return tuple(session.execute_script(code, w, b))


def put(session, **values):
    code = """for (const [name, value] of Object.entries(arguments[0])) {
        const field = document.getElementById(`deaths-${name}`);
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }"""
    session.execute_script(code, values)


def mapped(session):
    """Wait until all starts are computed, which is not before the map is near; how many are where, in words."""
    session.execute_script("document.getElementById('deaths-map').scrollIntoView({ block: 'center' })")
    return WebDriverWait(session, WAIT).until(
        lambda _: counts if "of these" in (counts := text(session, "counts")) else ""
    )


def axes(session):
    code = """return [...document.querySelectorAll("#deaths svg .tick")]
        .map((tick) => [tick.textContent, tick.getAttribute("x")]);"""
    return session.execute_script(code)


def near(found, expected):
    """Whether a start is where it was put, to the pixel or two of a map of some 300."""
    return all(-1 / 20 <= one - other <= 1 / 20 for one, other in zip(found, expected, strict=True))


@pytest.mark.usefixtures("afresh")
def test_at_first_a_neuron_dies_and_the_page_says_of_how_many_starts(opened):
    assert text(opened, "outcome").startswith("Dead: active on 0.37 % of the inputs.")
    assert "outcome dead" in at(opened, "#deaths-outcome").get_attribute("class")
    assert (
        mapped(opened) == "After 2,000 steps with learning rate 0.01, of these 64 \u00d7 64 starts "
        "40.3 % have learned, 21.2 % are on their way, 38.5 % are dead."
    )
    kinds = opened.execute_script("return [...document.querySelectorAll('#deaths-map .cell')].map(c => c.classList[1])")
    legend = opened.execute_script(
        "return [...document.querySelectorAll('#deaths .legend .cell')].map(c => c.classList[1])"
    )
    assert sorted(kinds) == ["dead", "learned", "way"]
    assert set(kinds) | {"stuck", "diverged"} == set(legend)


def test_a_start_is_dragged_by_its_ring_over_axes_that_stand_still(opened, gestures):
    ticks = axes(opened)
    ring = place(opened, -2, -1)
    ways = [place(opened, -1, 0), place(opened, 0, 1), place(opened, 1.5, -2)]
    gestures.drag(ring, *ways)
    assert near((value(opened, "w"), value(opened, "b")), (1.5, -2))
    assert text(opened, "outcome").startswith("On its way")
    assert axes(opened) == ticks
    assert opened.execute_script("return String(getSelection())") == ""


def test_a_click_puts_the_start_there(opened, gestures):
    gestures.click(place(opened, -1, 2))
    assert near((value(opened, "w"), value(opened, "b")), (-1, 2))
    assert text(opened, "outcome").startswith("Learned")


def test_keys_move_the_start_and_every_setting_has_a_field(opened):
    handle = at(opened, START)
    handle.send_keys(Keys.ARROW_RIGHT)
    assert near((value(opened, "w"), value(opened, "b")), (-1.97, -1))
    handle.send_keys(*[Keys.PAGE_UP] * 10)
    assert near((value(opened, "w"), value(opened, "b")), (-1.97, 2))
    assert "Learned" in handle.get_attribute("aria-valuetext")
    names = opened.execute_script("return [...document.getElementById('deaths-settings').elements].map(e => e.name)")
    assert [name for name in names if name] == ["w", "b", "slope", "rate", "momentum", "steps"]


@pytest.mark.usefixtures("afresh")
def test_a_finger_taps_and_drags_and_a_swipe_scrolls(opened, looking, gestures):
    looking(opened, width=390)
    gestures.swipe(place(opened, -1, 2))
    assert near((value(opened, "w"), value(opened, "b")), (-1, 2))
    gestures.swipe(place(opened, -1, 2), place(opened, -0.5, 1), place(opened, 1, -2))
    assert near((value(opened, "w"), value(opened, "b")), (1, -2))
    before = value(opened, "w"), value(opened, "b")
    start = place(opened, -2, 1)
    assert gestures.is_scrolled_by_finger(start, up=210)
    assert (value(opened, "w"), value(opened, "b")) == before


def test_a_start_outside_the_map_waits_at_its_edge_and_can_be_grasped(opened, gestures):
    put(opened, w=-10, b=0.5)
    assert value(opened, "w") == -10
    assert at(opened, START).get_attribute("class").endswith("outside")
    assert at(opened, f"{START} .arrow").get_attribute("d")
    gestures.drag(place(opened, -3, 0.5), place(opened, -2.5, 0.5), place(opened, -1, 0.5))
    assert near((value(opened, "w"), value(opened, "b")), (-1, 0.5))
    assert "outside" not in at(opened, START).get_attribute("class")


@pytest.mark.parametrize("slope", [0, 0.05, 0.3, 1])
def test_the_one_minimum_has_the_one_star_also_with_a_slope(opened, slope):
    put(opened, slope=slope)
    code = """const { w, b } = minimumWithBias(arguments[0]), svg = document.getElementById("deaths-map");
    const { x, y, width, height } = svg.querySelector("clipPath rect").getBBox();
    return [...svg.querySelectorAll(".target:not(.left-behind)")].map((star) => {
        const box = star.getBoundingClientRect();
        const middle = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2);
        const place = middle.matrixTransform(svg.getScreenCTM().inverse());
        return [(place.x - x) / width * 6 - 3 - w, 3 - (place.y - y) / height * 6 - b];
    });"""
    (star,) = opened.execute_script(code, slope)
    assert near(star, (0, 0))


def test_a_slope_rescues_and_its_price_rises(opened, gestures):
    at(opened, "#deaths-presets button:last-child").click()
    assert text(opened, "outcome").startswith(
        "Learned, as far as this slope can: at its least loss, which for this slope is 0.0282, not 0."
    )
    assert text(opened, "best").endswith("w = 0.793, b = 0.189; it is 0.0282 (without a bias 0.0413).")
    assert "dead" not in mapped(opened)
    ring = gestures.centre(f"{PRICE} .ring")
    gestures.drag(ring, (ring[0] + 20, ring[1]), (ring[0] + 60, ring[1]))
    assert value(opened, "slope") > 0.35
    at(opened, PRICE).send_keys(Keys.HOME)
    assert value(opened, "slope") == 0
    assert text(opened, "best").endswith("it is 0.")


def test_a_straight_line_has_not_learned(opened):
    put(opened, slope=1, rate=0.1)
    assert text(opened, "outcome").startswith(
        "Stuck: at its least loss, which is no less than that of a straight line."
    )
    assert mapped(opened).endswith("of these 64 \u00d7 64 starts 100 % are stuck.")
    # At a small rate it is on its way, which is not the same.
    put(opened, rate=0.001)
    assert text(opened, "outcome").startswith("On its way")


def test_a_rate_above_1_kills_or_diverges(opened):
    put(opened, w=1, b=4, rate=1.5, steps=200)
    assert text(opened, "outcome").startswith("Dead")
    put(opened, slope=1)
    assert text(opened, "outcome").startswith("Diverged: w or b is beyond a million.")
    assert mapped(opened).endswith("100 % have diverged.")


def test_the_buttons_show_what_they_say(opened):
    outcomes = []
    for button in opened.find_elements(By.CSS_SELECTOR, "#deaths-presets button"):
        put(opened, rate=0.5, momentum=0.5, steps=100)
        button.click()
        outcomes.append(text(opened, "outcome").split(":")[0])
    assert outcomes == ["Dead", "Learned", "On its way", "Learned, as far as this slope can"]


@pytest.mark.parametrize("width", [320, 390, 700, 1100])
def test_nothing_below_moves_whatever_the_words_are(opened, looking, width):
    looking(opened, width=width)
    states = [
        {"w": -2, "b": -1, "slope": 0},
        {"w": -2, "b": 2, "slope": 0.333, "rate": 0.00123, "steps": 20000},
        {"w": -2.345, "b": -2.345, "slope": 0.123, "rate": 0.00123, "steps": 19999},
        {"w": 2.345, "b": -2.987, "slope": 0, "momentum": 0.123, "steps": 1999},
        {"w": -1.987, "b": -0.987, "slope": 1, "momentum": 0.987, "rate": 0.987, "steps": 60},
        {"w": -0.00123, "b": -0.000123, "slope": 0, "rate": 0.00123, "steps": 19999},
    ]
    heights = set()
    for state in states:
        put(opened, **state)
        code = """const one = document.getElementById(`deaths-${arguments[0]}`);
        const range = document.createRange();
        range.selectNodeContents(one);
        return [one.getBoundingClientRect().height, range.getBoundingClientRect().height];"""
        found = [opened.execute_script(code, name) for name in OUTPUTS]
        assert all(words <= box for box, words in found), (state, found)
        heights.add(
            (opened.execute_script("return document.getElementById('deaths').offsetHeight"), str([f[0] for f in found]))
        )
    assert len(heights) == 1


def test_a_step_is_chosen_and_its_neuron_shown(opened):
    slider = at(opened, "#deaths-step")
    assert 0 < int(slider.get_attribute("value")) < 2000  # where it is told apart from the start and the end
    slider.send_keys(Keys.HOME)
    assert text(opened, "moment").startswith("At step 0 w = \u22122, b = \u22121: 30.9 % of the inputs activate it;")
    code = """return ["neuron-start", "neuron-moment", "neuron-end"]
        .map((kind) => document.querySelector(`.${kind}`).getAttribute("points"));"""
    ends = opened.execute_script(code)
    assert ends[0] == ends[1] != ends[2]
    hill = at(opened, "#deaths-neuron .answered").get_attribute("d")
    slider.send_keys(Keys.END)
    assert hill != at(opened, "#deaths-neuron .answered").get_attribute("d")
    assert "active at the chosen step: 0.37 %" in at(opened, "#deaths-neuron").text


@pytest.mark.parametrize("state", [{}, {"w": 0, "b": 0}, {"w": 1, "b": 4, "slope": 1, "rate": 2, "steps": 60}])
def test_half_of_the_way_is_a_step_before_the_last(opened, state):
    put(opened, **state)
    slider = at(opened, "#deaths-step")
    assert 0 <= int(slider.get_attribute("value")) < int(slider.get_attribute("max"))


def test_a_small_slope_frees_a_neuron_slowly_and_the_page_says_so(opened):
    put(opened, slope=0.01)
    assert text(opened, "outcome").startswith(
        "On its way: active on only 0.14 % of the inputs, but the negative slope frees it, slowly."
    )
    put(opened, slope=0.01, w=2, b=-1, steps=60)
    assert "slowly" not in text(opened, "outcome")


def test_a_run_plays_and_stops_where_motion_is_reduced(opened, looking):
    button, slider = at(opened, "#deaths-play"), at(opened, "#deaths-step")
    ticks = axes(opened)
    button.click()
    WebDriverWait(opened, WAIT).until(lambda _: 0 < int(slider.get_attribute("value")) < 2000)
    assert button.text == "Pause"
    looking(opened, motion="reduce")
    WebDriverWait(opened, WAIT).until(lambda _: not button.is_displayed())
    assert at(opened, "#deaths-still").is_displayed()
    stopped = slider.get_attribute("value")
    opened.execute_async_script("setTimeout(arguments[0], 12 * PLAY_INTERVAL)")
    assert slider.get_attribute("value") == stopped
    assert axes(opened) == ticks


def test_an_address_brings_its_state_and_is_brought_by_it(opened, page):
    opened.get("about:blank")
    opened.get(f"{page.as_uri()}#figure=deaths&w=-1.5&b=2&slope=0.2&rate=0.02&momentum=0.5&steps=3000")
    found = [value(opened, name) for name in ("w", "b", "slope", "rate", "momentum", "steps")]
    assert found == [-1.5, 2, 0.2, 0.02, 0.5, 3000]
    assert opened.execute_script("return document.getElementById('deaths').getBoundingClientRect().top < innerHeight")
    put(opened, w=-1)
    expected = "#figure=deaths&w=-1&b=2&slope=0.2&rate=0.02&momentum=0.5&steps=3000"
    WebDriverWait(opened, WAIT).until(lambda _: opened.execute_script("return location.hash") == expected)


def test_what_is_no_number_is_marked_and_changes_nothing(opened):
    before = text(opened, "outcome")
    put(opened, slope=2)
    assert at(opened, "#deaths-slope").get_attribute("aria-invalid") == "true"
    assert text(opened, "outcome") == before


def test_an_older_map_is_given_up(opened):
    """Settings that follow each other quickly: the counts are those of the last one."""
    for slope in (0, 0.01, 0.02, 0.3):
        put(opened, slope=slope)
    assert mapped(opened).endswith("of these 64 \u00d7 64 starts 100 % have learned.")
    assert "old" not in at(opened, "#deaths-map .cells").get_attribute("class").split()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(opened, looking, violations, theme):
    looking(opened, theme=theme)
    mapped(opened)
    assert violations(opened, "#deaths") == {}
