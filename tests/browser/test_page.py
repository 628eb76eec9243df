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


def path_of(session, chart="#explore-weight"):
    return at(session, f"{chart} polyline.path").get_attribute("points")


def test_the_answer_stands_first_and_every_link_leads_somewhere(opened):
    assert at(opened, "h1").text == "Why a single ReLU can't learn another ReLU"
    assert at(opened, "main > :nth-child(2)").text.startswith("For w < 0")
    links = opened.execute_script("return [...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))")
    assert {"wrong", "try", "recorded", "own", "claims", "claim-kink-is-low"} <= set(links)
    missing = opened.execute_script("return arguments[0].filter(id => !document.getElementById(id))", links)
    assert missing == []


def test_it_opens_with_the_questions_run_which_does_not_learn(opened):
    said = at(opened, "#explore-outcome").text
    assert said.startswith("Does not learn. After 2000 steps w = \u2212")
    assert "w never crosses 0" in said
    assert at(opened, "#w-value").text == "\u221210"
    assert at(opened, "#rate-value").text == "0.01"


@pytest.mark.parametrize(
    ("name", "key"),
    [("w", Keys.ARROW_RIGHT), ("rate", Keys.ARROW_RIGHT), ("momentum", Keys.END), ("slope", Keys.HOME)],
)
def test_a_key_on_a_slider_redraws_the_path_and_says_the_number(opened, name, key):
    slider, before, value = at(opened, f"#{name}"), path_of(opened), at(opened, f"#{name}-value").text
    slider.send_keys(key)
    assert path_of(opened) != before
    assert at(opened, f"#{name}-value").text != value
    assert slider.get_attribute("aria-valuetext") == at(opened, f"#{name}-value").text


def test_a_preset_and_the_bias_show_what_they_promise(opened):
    for title, words in (
        ("Momentum 0.9, from \u221210", "Learns. After 2000 steps w = 1,"),
        ("Learning rate 1.5, from \u22121", "w crosses 0 at step 1"),
        ("With a bias, from (\u22122, 2)", "Learns. After 2000 steps w = 0.99"),
    ):
        at(opened, f"#explore button:nth-of-type({titles(opened).index(title) + 1})").click()
        assert words in at(opened, "#explore-outcome").text
    assert len(opened.find_elements(By.CSS_SELECTOR, "#explore-loss path.contour")) > 5
    assert at(opened, "#b").is_enabled()


def titles(session):
    return [button.text for button in session.find_elements(By.CSS_SELECTOR, "#explore button")]


def test_dragging_in_the_picture_moves_the_start(opened):
    from selenium.webdriver import ActionChains

    chart = at(opened, "#explore-loss")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    value = at(opened, "#w-value").text
    ActionChains(opened).move_to_element(chart).click_and_hold().move_by_offset(60, 0).release().perform()
    moved = float(at(opened, "#w").get_attribute("value"))
    assert at(opened, "#w-value").text != value
    assert 0 < moved < 2.1  # right of the middle of a picture that ends at 2.1


def test_every_corner_of_the_settings_is_drawn_and_told(opened):
    code = """const form = document.getElementById("explore"), said = new Set();
    const corners = (name) => { const one = form.elements[name]; return [one.min, one.max]; };
    for (const w of [...corners("w"), 0]) for (const rate of corners("rate"))
    for (const momentum of corners("momentum")) for (const slope of [...corners("slope"), 0])
    for (const bias of [true, false]) {
        const values = { w, rate, momentum, slope, b: -w / 4 };
        for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
        form.elements.bias.checked = bias;
        form.elements.close.checked = slope !== 0;
        form.dispatchEvent(new Event("input"));
        said.add(document.getElementById("explore-outcome").textContent);
        if (document.querySelector("#explore").parentNode.innerHTML.includes("NaN")) said.add("NaN");
    }
    return [...said];"""
    said = opened.execute_script(code)
    assert not [text for text in said if "NaN" in text or "undefined" in text or not text]
    assert {text.split(".")[0].split(":")[0] for text in said} >= {"Learns", "Does not learn", "Diverges"}
    assert opened.get_log("browser") == []


def test_the_scrubber_says_where_the_run_is(opened):
    slider = at(opened, "#run-step")
    assert [at(opened, f"#run-{name}-value").text for name in ("step", "w", "expected")] == ["0", "\u221210", "50.5"]
    slider.send_keys(Keys.ARROW_RIGHT)
    assert at(opened, "#run-step-value").text == "1"
    dots = len(opened.find_elements(By.CSS_SELECTOR, "#run-loss-chart .visited"))
    assert dots == 2
    slider.send_keys(Keys.END)
    assert at(opened, "#run-step-value").text == "2000"
    assert at(opened, "#run-gradient-value").text == "\u2014"  # the last state has seen no batch
    assert float(at(opened, "#run-w-value").text.replace("\u2212", "-")) < 0
    assert "step 2000" in slider.get_attribute("aria-valuetext")
    Select(at(opened, "#run-choice")).select_by_visible_text("ReLU, SGD 0.01, momentum 0.9, from w = -10")
    assert at(opened, "#run-step-value").text == "0"


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


def test_claims_are_filtered_by_verdict_and_by_words(opened):
    assert shown(opened) == ["claim-hostile", "claim-lowest-at-one", "claim-kink-is-low"]
    Select(at(opened, "#claims-verdict")).select_by_visible_text("holds")
    assert shown(opened) == ["claim-lowest-at-one"]
    assert at(opened, "#claims-count").text == "1 of 3 claims"
    Select(at(opened, "#claims-verdict")).select_by_visible_text("all")
    at(opened, "#claims-text").send_keys("TENTH")
    assert shown(opened) == ["claim-kink-is-low"]


def test_claims_are_sorted_by_a_column_both_ways(opened):
    heading = at(opened, "#claims-table th:nth-child(1)")
    order = []
    for direction in ("ascending", "descending"):
        heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        assert heading.get_attribute("aria-sort") == direction
        order.append(shown(opened))
    assert order[0] == order[1][::-1]
    assert order[0].index("claim-kink-is-low") < order[0].index("claim-lowest-at-one")


def shown(session):
    rows = session.find_elements(By.CSS_SELECTOR, "#claims-table > tbody > tr")
    return [row.get_attribute("id") for row in rows if row.is_displayed()]


def test_a_link_to_a_claim_opens_it(opened):
    at(opened, "a[href='#claim-kink-is-low']").click()
    details = at(opened, "#claim-kink-is-low details")
    WebDriverWait(opened, WAIT).until(lambda _: details.get_attribute("open") is not None)
    assert "The claim is refuted." in details.text
    assert at(opened, "#claim-kink-is-low table.numbers").is_displayed()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_also_in_what_can_be_opened(opened, looking, theme):
    looking(opened, theme=theme)
    opened.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert violations(opened) == {}


def test_axe_finds_planted_mistakes(opened):
    opened.execute_script(
        """const image = document.createElement("img");
        document.querySelector("main").append(image);
        document.querySelector(".lead").style.color = "#bbb";
        document.querySelector("label[for=momentum]").remove();"""
    )
    assert {"image-alt", "color-contrast", "label"} <= violations(opened).keys()


def violations(session):
    from selenium_axe_python import Axe

    axe = Axe(session)
    axe.inject()
    found = axe.run()["violations"]
    return {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found}


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
    assert not at(opened, "#momentum").is_displayed()
    assert at(opened, "#claims-table").is_displayed()
    printed = base64.b64decode(opened.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")


def visible(session, selector):
    return [element.is_displayed() for element in session.find_elements(By.CSS_SELECTOR, selector)]


def test_with_scripts_what_stands_in_for_them_is_gone(opened):
    assert visible(opened, "[data-scripted]") == [True] * 3
    assert visible(opened, "[data-unscripted]") == [False] * 2


def test_without_scripts_the_page_still_reads(opened):
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.refresh()
        assert at(opened, "h1").is_displayed()
        assert visible(opened, "[data-scripted]") == [False] * 3
        assert visible(opened, "[data-unscripted]") == [True] * 2
        assert shown(opened) == ["claim-hostile", "claim-lowest-at-one", "claim-kink-is-low"]
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
