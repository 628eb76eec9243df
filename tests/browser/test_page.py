"""The page in a real browser: what can be done with it, and who can use it."""

import base64

import pytest

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 10  # seconds, for what is due at once


def at(session, selector):
    return session.find_element(By.CSS_SELECTOR, selector)


def test_the_answer_stands_first_and_every_link_leads_somewhere(opened):
    assert at(opened, "h1").text == "When does a single ReLU learn another ReLU?"
    assert at(opened, "main > :nth-child(2)").text.startswith("A neuron with one weight")
    links = opened.execute_script(
        "return [...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))"
        ".filter(id => !id.startsWith('figure='))"
    )
    assert {"wrong", "votes", "reach", "deaths", "recorded", "own", "claims", "claim-kink-is-low"} <= set(links)
    missing = opened.execute_script("return arguments[0].filter(id => !document.getElementById(id))", links)
    assert missing == []


@pytest.mark.usefixtures("afresh")
def test_the_scrubber_says_where_the_run_is(opened):
    slider = at(opened, "#run-step")
    assert [at(opened, f"#run-{name}-value").text for name in ("step", "w", "expected")] == ["0", "\u221210", "50.5"]
    slider.send_keys(Keys.ARROW_RIGHT)
    assert at(opened, "#run-step-value").text == "1"
    assert at(opened, "#run-loss-chart .visited").get_attribute("d").count("M") == 2
    slider.send_keys(Keys.END)
    assert at(opened, "#run-step-value").text == "2000"
    assert at(opened, "#run-gradient-value").text == "\u2014"  # the last state has seen no batch
    assert float(at(opened, "#run-w-value").text.replace("\u2212", "-")) < 0
    assert "step 2000" in slider.get_attribute("aria-valuetext")
    Select(at(opened, "#run-choice")).select_by_visible_text("ReLU, SGD 0.01, momentum 0.9, from w = \u221210")
    assert at(opened, "#run-step-value").text == "0"


@pytest.mark.usefixtures("afresh")
def test_the_axes_stand_still_while_a_run_passes_from_the_whole_curve_into_the_enlarged_part(opened):
    slider = at(opened, "#run-step")
    axes = """return ["run-loss-chart", "run-kink-chart", "run-weight-chart"].map(id =>
        document.querySelector(`#${id} > g[aria-hidden]`).outerHTML);"""
    before = opened.execute_script(axes)
    whole, enlarged = (at(opened, f"#run-{name}-chart .mark") for name in ("loss", "kink"))
    assert whole.get_attribute("class") == "mark stuck"  # w = -10 is in the range of the whole curve
    assert not enlarged.is_displayed()
    place = whole.get_attribute("transform")
    slider.send_keys(Keys.PAGE_UP)
    assert whole.get_attribute("transform") != place
    for _ in range(3):
        slider.send_keys(Keys.PAGE_UP)
        assert opened.execute_script(axes) == before
    slider.send_keys(Keys.END)
    assert opened.execute_script(axes) == before
    assert enlarged.is_displayed()
    assert enlarged.get_attribute("class") == "mark stuck"


@pytest.mark.usefixtures("afresh")
def test_no_mark_of_a_run_lies_on_the_numbers_of_its_axes(opened):
    slider, choice = at(opened, "#run-step"), Select(at(opened, "#run-choice"))
    code = """return ["loss", "kink", "weight"].flatMap(name => {
        const mark = document.querySelector(`#run-${name}-chart .mark`).getBoundingClientRect();
        return [...document.querySelectorAll(`#run-${name}-chart .tick`)].map(one => one.getBoundingClientRect())
            .filter(one => mark.width && one.left < mark.right && mark.left < one.right
                && one.top < mark.bottom && mark.top < one.bottom).map(() => name); });"""
    for i in range(len(choice.options)):
        choice.select_by_index(i)
        for key in (Keys.HOME, Keys.PAGE_UP, Keys.END):
            slider.send_keys(key)
            touching = opened.execute_script(code)
            assert touching == [], (choice.first_selected_option.text, key)


def test_the_runs_are_named_with_true_minus_signs(opened):
    names = [option.text for option in Select(at(opened, "#run-choice")).options]
    assert len(names) == 11
    assert not any("-" in name for name in names)


@pytest.mark.parametrize(("width", "expected"), [(390, 358), (1280, 420)])
def test_a_picture_is_as_wide_as_its_type_needs_and_no_wider_than_it_is_sharp(opened, looking, width, expected):
    looking(opened, width=width)
    code = """return [...document.querySelectorAll("figure img")].filter(one => one.getClientRects().length)
        .map(one => [one.getBoundingClientRect().width, one.naturalWidth]);"""
    shown = opened.execute_script(code)
    assert len(shown) == 2  # the opening one stands in for a figure that needs scripts
    for wide, pixels in shown:
        assert wide == expected
        assert wide <= pixels / 2


@pytest.mark.usefixtures("afresh")
def test_a_run_plays_and_stops_where_motion_is_reduced(opened, looking):
    button, slider = at(opened, "#run-play"), at(opened, "#run-step")
    assert (button.is_displayed(), at(opened, "#run-still").is_displayed()) == (True, False)
    assert opened.execute_script("return document.getAnimations().length") == 0
    button.click()
    WebDriverWait(opened, WAIT).until(lambda _: int(slider.get_attribute("value")) > 2)
    looking(opened, motion="reduce")
    WebDriverWait(opened, WAIT).until(lambda _: not button.is_displayed())
    assert at(opened, "#run-still").is_displayed()
    stopped = slider.get_attribute("value")
    # A dozen of its ticks later it stands where it stood.
    opened.execute_async_script("setTimeout(arguments[0], 12 * MILLISECONDS)")
    assert slider.get_attribute("value") == stopped


def shown(session):
    rows = session.find_elements(By.CSS_SELECTOR, "#claims-list > li")
    return [row.get_attribute("id") for row in rows if row.is_displayed()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_also_in_what_can_be_opened(opened, looking, violations, theme):
    looking(opened, theme=theme)
    opened.execute_script("dispatchEvent(new Event('beforeprint'))")  # for which all maps are filled
    opened.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert violations(opened) == {}


@pytest.mark.usefixtures("afresh")
def test_axe_finds_planted_mistakes(opened, violations):
    opened.execute_script(
        """const image = document.createElement("img");
        document.querySelector("main").append(image);
        document.querySelector(".lead").style.color = "#bbb";
        document.querySelector("label[for=run-choice]").remove();"""
    )
    assert {"image-alt", "color-contrast", "select-name"} <= violations(opened).keys()


@pytest.mark.parametrize("width", [320, 375, 1100])
def test_nothing_has_to_be_scrolled_sideways(opened, looking, width):
    looking(opened, width=width)
    opened.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    inside, window = opened.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert (inside, window) == (width, width)


def test_dark_and_light_differ_and_paper_is_light(opened, looking):
    background = {}
    for media, theme in (("screen", "light"), ("screen", "dark"), ("print", "dark")):
        looking(opened, media=media, theme=theme)
        background[media, theme] = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert background["screen", "dark"] != background["screen", "light"] == background["print", "dark"]
    assert not at(opened, "nav").is_displayed()
    assert not at(opened, "#run-choice").is_displayed()
    assert at(opened, "#claims-list").is_displayed()
    printed = base64.b64decode(opened.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")


@pytest.mark.usefixtures("afresh")
def test_settings_that_are_put_back_leave_the_page_as_it_was_opened(opened, as_at_first):
    """Which other tests rely on: they have it put back instead of opened again."""
    code = """dispatchEvent(new Event("beforeprint"));  // for which both maps are computed
    const fields = [...document.querySelectorAll("input, select")].map((one) => one.value);
    const html = [...document.querySelectorAll("main > :is(details, section)")].map((one) => one.outerHTML);
    dispatchEvent(new Event("afterprint"));
    return [fields, html.map((one) => one.replaceAll(/ (?=")/g, ""))];"""  # class="handle " or "handle"
    before = opened.execute_script(code)
    opened.execute_script(
        """document.querySelectorAll("details").forEach((one) => { one.open = !one.open; });
        for (const name of ["votes-batch", "votes-play", "deaths-play"]) document.getElementById(name).click();
        FIGURES.get("votes")({ w: 1, slope: 0.5 });
        document.getElementById("votes-step").click();
        FIGURES.get("reach")({ w: -1, optimizer: "Adam", rate: 0.5, second: 0.3, slope: 0.1, steps: 100 });
        FIGURES.get("deaths")({ w: 20, b: 1, slope: 0.3, rate: 0.1, momentum: 0.5, steps: 60 });
        document.getElementById("deaths-step").value = 3;
        document.getElementById("deaths-b").value = "";
        document.getElementById("deaths-b").dispatchEvent(new Event("input", { bubbles: true }));"""
    )
    other = opened.execute_script(code)
    assert sum(one != new for one, new in zip(before[1], other[1], strict=True)) >= 4  # three figures, and the setup
    as_at_first(opened)
    assert opened.execute_script(code) == before


def visible(session, selector):
    return [element.is_displayed() for element in session.find_elements(By.CSS_SELECTOR, selector)]


def test_with_scripts_what_stands_in_for_them_is_gone(opened):
    assert set(visible(opened, "[data-scripted]")) == {True}
    assert set(visible(opened, "[data-unscripted]")) == {False}


def test_without_scripts_the_page_still_reads(opened):
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.refresh()
        assert at(opened, "h1").is_displayed()
        assert set(visible(opened, "[data-scripted]")) == {False}
        assert set(visible(opened, "[data-unscripted]")) == {True}
        assert shown(opened) == ["claim-hostile", "claim-lowest-at-one", "claim-kink-is-low"]
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_on_paper_nothing_small_is_large_and_nothing_sticks_out(opened, looking):
    looking(opened, width=720, media="print")
    code = """const size = (one) => parseFloat(getComputedStyle(one).fontSize);
    const small = [...document.querySelectorAll("figcaption, .number, small, table")];
    const wide = [...document.querySelectorAll("svg, figure img, table")].filter((one) => one.checkVisibility());
    const [body, right] = [document.body, (one) => one.getBoundingClientRect().right];
    return [small.length, small.filter((one) => size(one) > size(body)).length,
        wide.length, wide.filter((one) => right(one) > right(body) + 1).map((one) => one.outerHTML)];"""
    small, larger, wide, outside = opened.execute_script(code)
    assert (small > 20, larger) == (True, 0)
    assert (wide > 10, outside) == (True, [])
