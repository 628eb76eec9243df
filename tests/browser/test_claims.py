"""The claims on the page: read, found, sorted, linked to, shown in a figure, printed."""

import re

import pytest

from compare.report import show_me

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 10  # seconds, for what is due at once
HOSTILE, LOWEST, KINK = "claim-hostile", "claim-lowest-at-one", "claim-kink-is-low"
OUTCOMES = ("learned", "way", "stuck", "dead", "diverged")


def at(session, selector):
    return session.find_element(By.CSS_SELECTOR, selector)


def shown(session):
    rows = session.find_elements(By.CSS_SELECTOR, "#claims-list > li")
    return [row.get_attribute("id") for row in rows if row.is_displayed()]


def choose(session, name, value):
    Select(at(session, f"#claims-{name}")).select_by_value(value)


def is_open(session, row):
    return at(session, f"#{row} details").get_attribute("open") is not None


def soon(session, condition):
    WebDriverWait(session, WAIT).until(lambda _: condition())


@pytest.mark.parametrize("width", [390, 1100])
def test_a_row_is_as_wide_as_the_page_and_begins_with_the_verdict_as_a_sentence(opened, looking, width):
    looking(opened, width=width)
    whole, mine = (at(opened, one).rect["width"] for one in ("#claims-list", f"#{KINK} summary"))
    assert mine == whole
    head = at(opened, f"#{KINK} summary").text.splitlines()
    assert head[0] == "✗ False."
    assert head[1] == "At the kink the loss is below a tenth."
    assert "0.5" in head[2]


def test_verdicts_are_signs_and_words_in_ink_and_not_in_the_colours_of_outcomes(opened):
    ink = at(opened, "body").value_of_css_property("color")
    assert {row.value_of_css_property("color") for row in opened.find_elements(By.CSS_SELECTOR, ".verdict, .sign")} == {
        ink
    }
    coloured = ", ".join(f"#claims-list .{kind}, .wrong .{kind}" for kind in OUTCOMES)
    assert opened.find_elements(By.CSS_SELECTOR, coloured) == []
    first = {row: at(opened, f"#{row} .verdict").text[0] for row in (LOWEST, KINK)}
    assert first == {LOWEST: "✓", KINK: "✗"}
    options = [option.text for option in Select(at(opened, "#claims-verdict")).options]
    assert options[1:] == ["✓ true (holds)", "✗ false (refuted)"]
    meanings = at(opened, "dl.verdicts").text
    assert "some of the runs, or values up to a limit" in meanings  # also of verdicts that no claim here has


def test_an_opened_row_shows_axes_a_table_of_witnesses_and_where_it_is_true(opened):
    at(opened, f"#{HOSTILE} summary").send_keys(Keys.ENTER)
    row = at(opened, f"#{HOSTILE}")
    picture, bar = row.find_elements(By.CSS_SELECTOR, "svg[role=img]")[:2]
    texts = [text.text for text in picture.find_elements(By.CSS_SELECTOR, "text")]
    assert {"0", "step", "w"} <= set(texts)
    assert len([text for text in texts if re.fullmatch("[\N{MINUS SIGN}\\d.,]+", text)]) >= 5
    assert picture.find_elements(By.CSS_SELECTOR, ".level")
    assert "0.81" in bar.text
    assert "claim: 0.9" in bar.text
    table = row.find_element(By.CSS_SELECTOR, "table.witnesses").text
    assert "expected dynamics" in table
    assert "reference, median of 32 runs" in table
    assert "Trained: w; held fixed: b = 0." in row.text


def test_a_row_is_opened_by_mouse_by_touch_and_by_keys(opened, looking, gestures):
    gestures.click(gestures.centre(f"#{LOWEST} summary"))
    soon(opened, lambda: is_open(opened, LOWEST))
    at(opened, f"#{LOWEST} summary").send_keys(Keys.TAB)  # whatever comes next, then back
    opened.switch_to.active_element.send_keys(Keys.SHIFT + Keys.TAB)
    opened.switch_to.active_element.send_keys(Keys.ENTER)
    soon(opened, lambda: not is_open(opened, LOWEST))
    looking(opened, width=390)
    gestures.swipe(gestures.centre(f"#{KINK} summary"))
    soon(opened, lambda: is_open(opened, KINK))


@pytest.mark.usefixtures("afresh")
def test_claims_are_filtered_by_verdict_by_source_and_by_words(opened):
    assert shown(opened) == [HOSTILE, LOWEST, KINK]
    choose(opened, "verdict", "holds")
    assert shown(opened) == [LOWEST]
    assert at(opened, "#claims-count").text == "1 of 3 claims"
    choose(opened, "verdict", "")
    choose(opened, "source", "accepted answer")
    assert shown(opened) == [LOWEST, KINK]
    at(opened, "#claims-text").send_keys("TENTH")
    assert shown(opened) == [KINK]
    choose(opened, "source", "")
    at(opened, "#claims-text").clear()
    at(opened, "#claims-text").send_keys("-10")  # which is printed with a true minus sign
    assert shown(opened) == [HOSTILE]


@pytest.mark.usefixtures("afresh")
def test_all_words_are_to_be_found_in_any_order_and_none_found_offers_to_show_all(opened):
    field, count = at(opened, "#claims-text"), at(opened, "#claims-count")
    everything = at(opened, "#claims-all")
    assert not everything.is_displayed()
    field.send_keys("tenth kink  loss")
    assert shown(opened) == [KINK]
    field.clear()
    field.send_keys("tenth nowhere-to-be-found")
    assert shown(opened) == []
    assert count.text.startswith("0 of 3 claims")
    assert "fewer words" in count.text
    everything.send_keys(Keys.ENTER)
    assert shown(opened) == [HOSTILE, LOWEST, KINK]
    assert opened.switch_to.active_element == field
    assert not everything.is_displayed()


@pytest.mark.usefixtures("afresh")
def test_only_rows_that_come_or_go_are_touched_by_the_filter(opened):
    code = """window.touched = 0;
    new MutationObserver((changes) => { window.touched += changes.length; })
      .observe(document.getElementById("claims-list"), { subtree: true, attributeFilter: ["hidden"] });"""
    opened.execute_script(code)
    field = at(opened, "#claims-text")
    field.send_keys("the")
    hidden = 3 - len(shown(opened))
    assert opened.execute_script("return window.touched") == hidden
    field.send_keys(" ")
    assert opened.execute_script("return window.touched") == hidden


def test_the_fields_of_the_filter_stand_in_a_line(opened):
    boxes = [at(opened, f"#claims-{name}").rect for name in ("text", "verdict", "source", "order")]
    assert len({round(box["y"]) for box in boxes}) == 1
    assert len({round(box["height"]) for box in boxes}) == 1


@pytest.mark.parametrize(("width", "beside"), [(390, False), (1280, True)])
def test_picture_and_numbers_stand_side_by_side_where_there_is_room(opened, looking, width, beside):
    looking(opened, width=width)
    opened.execute_script(f"document.querySelector('#{HOSTILE} details').open = true")
    picture, table = (at(opened, f"#{HOSTILE} {one}").rect for one in (".run-picture", "table.witnesses"))
    assert (table["x"] >= picture["x"] + picture["width"]) == beside
    assert (table["y"] >= picture["y"] + picture["height"]) == (not beside)


@pytest.mark.parametrize(
    ("numbers", "order"),
    [
        (("-1.9e-08", "-10", "0.5"), [LOWEST, HOSTILE, KINK]),
        (("1.9e-08", "1000.0", "0.03"), [HOSTILE, KINK, LOWEST]),
        (("Infinity", "-Infinity", "-3"), [LOWEST, KINK, HOSTILE]),
    ],
)
@pytest.mark.usefixtures("afresh")
def test_numbers_are_sorted_as_numbers_both_ways_and_missing_ones_stay_last(opened, numbers, order):
    for row, number in zip((HOSTILE, LOWEST, KINK), numbers, strict=True):
        opened.execute_script("document.getElementById(arguments[0]).dataset.number = arguments[1]", row, number)
    choose(opened, "order", "number")
    assert shown(opened) == order
    choose(opened, "order", "-number")
    assert shown(opened) == order[::-1]
    opened.execute_script("delete document.getElementById(arguments[0]).dataset.number", order[0])
    for value in ("number", "-number"):
        choose(opened, "order", value)
        assert shown(opened)[-1] == order[0]
    choose(opened, "order", "place")
    assert shown(opened) == [HOSTILE, LOWEST, KINK]


@pytest.mark.usefixtures("afresh")
def test_claims_are_sorted_by_verdict_and_their_numbers_are_in_the_page(opened):
    choose(opened, "order", "rank")
    verdicts = [at(opened, f"#{row}").get_attribute("data-verdict") for row in shown(opened)]
    assert verdicts == sorted(verdicts, key=["holds", "refuted"].index)
    assert [at(opened, f"#{row}").get_attribute("data-number") for row in (LOWEST, KINK)] == ["1.0", "0.5"]


@pytest.mark.usefixtures("afresh")
def test_a_link_to_a_claim_opens_it_whatever_was_filtered_and_puts_the_keyboard_there(opened):
    choose(opened, "verdict", "holds")
    at(opened, f"a[href='#{KINK}']").send_keys(Keys.ENTER)
    soon(opened, lambda: is_open(opened, KINK))
    assert at(opened, f"#{KINK} table.witnesses").is_displayed()
    assert opened.switch_to.active_element == at(opened, f"#{KINK} summary")


@pytest.mark.usefixtures("afresh")
def test_a_state_that_waits_to_be_in_the_address_does_not_replace_a_link_that_was_followed_since(opened):
    code = """FIGURES.get("reach")({ w: -1 });
    document.querySelector(arguments[0]).click();
    const done = arguments[1];
    setTimeout(() => done(location.hash), 400);"""
    assert opened.execute_async_script(code, f"a[href='#{KINK}']") == f"#{KINK}"
    assert is_open(opened, KINK)
    opened.execute_script("FIGURES.get('reach')({ w: -2 })")
    soon(opened, lambda: "figure=reach&w=-2" in opened.current_url)


def test_an_address_with_a_claim_opens_it(opened, page):
    opened.get("about:blank")
    opened.get(f"{page.as_uri()}#{KINK}")
    soon(opened, lambda: is_open(opened, KINK))
    assert 0 <= opened.execute_script(f"return document.getElementById('{KINK}').getBoundingClientRect().y") < 900


@pytest.mark.usefixtures("afresh")
def test_a_figure_is_put_where_the_verdict_was_decided_and_where_it_changes(opened):
    opened.execute_script("FIGURES.set('reach', (values) => { window.put = [...(window.put ?? []), values]; });")
    at(opened, f"#{HOSTILE} summary").send_keys(Keys.ENTER)
    decided, changes = opened.find_elements(By.CSS_SELECTOR, f"#{HOSTILE} .show-me a")
    for link in (decided, decided, changes):
        before = len(opened.execute_script("return window.put ?? []"))
        link.send_keys(Keys.ENTER)
        soon(opened, lambda before=before: len(opened.execute_script("return window.put ?? []")) == before + 1)
    first, again, other = opened.execute_script("return window.put")
    assert first == again
    wanted = {"w": "-10", "optimizer": "SGD", "rate": "0.01", "second": "0.9", "slope": "0", "steps": "100"}
    assert first == wanted
    assert other == wanted | {"second": other["second"]}
    assert 0.8 < float(other["second"]) < 0.83
    assert len(other["second"]) <= len("0.811")  # few digits, just beyond where it changes
    row = at(opened, f"#{HOSTILE}").text
    assert re.search(r"Show me where it changes: with momentum 0\.8\d* it is (true|false)\.", row)
    assert "What is checked: w" in row


@pytest.mark.usefixtures("afresh")
def test_on_paper_what_is_not_simply_true_is_open_and_closed_again_afterwards(opened):
    opened.execute_script(
        "addEventListener('beforeprint', () => { window.onPaper = [...document.querySelectorAll('#claims-list > li')]"
        ".filter(row => row.querySelector('details').open).map(row => row.id); });"
    )
    opened.execute_cdp_cmd("Page.printToPDF", {})
    assert opened.execute_script("return window.onPaper") == [
        row for row in (HOSTILE, LOWEST, KINK) if at(opened, f"#{row}").get_attribute("data-verdict") == "refuted"
    ]
    assert not any(is_open(opened, row) for row in (HOSTILE, LOWEST, KINK))


def test_without_scripts_every_claim_can_be_read_and_no_figure_is_promised(opened):
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.refresh()
        assert shown(opened) == [HOSTILE, LOWEST, KINK]
        at(opened, f"#{HOSTILE} summary").click()
        assert at(opened, f"#{HOSTILE} table.witnesses").is_displayed()
        assert not any(link.is_displayed() for link in opened.find_elements(By.CSS_SELECTOR, ".show-me"))
        assert not at(opened, "#claims-order").is_displayed()
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_counts_of_what_is_wrong_agree_with_the_rows(opened):
    text = at(opened, "section[aria-labelledby=wrong] p").text
    assert "taken apart into 2 statements" in text
    assert "1 is true and 1 is false." in text
    assert "among the 3 claims" in text
    (item,) = opened.find_elements(By.CSS_SELECTOR, ".wrong li")
    assert item.text.splitlines() == [
        "At the kink the loss is below a tenth.",
        "✗ False.",
        "expected loss = 0.5 at w = 0. Show me",
    ]


@pytest.mark.parametrize("width", [320, 390, 700, 1600])
def test_an_opened_row_stays_inside_the_page(opened, looking, width):
    looking(opened, width=width)
    code = """for (const details of document.querySelectorAll("#claims-list details")) details.open = true;
    const right = document.getElementById("claims-list").getBoundingClientRect().right;
    return [...document.querySelectorAll("#claims-list table, #claims-list figure, #claims-list p")]
      .map((one) => one.getBoundingClientRect().right - right).filter((beyond) => beyond > 0.5);"""
    assert opened.execute_script(code) == []


def test_claims_are_shown_in_figures_only_as_far_as_their_fields_reach(opened):
    code = """const fields = {};
    for (const figure of ["votes", "reach", "deaths"])
        for (const field of document.querySelectorAll(`#${figure} input[type=number]`))
            fields[`${figure} ${field.name}`] = [Number(field.min), Number(field.max)];
    return fields;"""
    fields = {name: tuple(ends) for name, ends in opened.execute_script(code).items()}
    w, both = show_me.FARTHEST_START, show_me.FARTHEST_WITH_BIAS
    assert {name: fields[name] for name in ("votes w", "votes slope")} == {
        "votes w": (-w, w),
        "votes slope": show_me.SLOPES_OF_VOTES,
    }
    assert {name: ends for name, ends in fields.items() if name.startswith("reach")} == {
        "reach w": (-w, w),
        "reach rate": show_me.RATES,
        "reach second": show_me.SECONDS,
        "reach slope": show_me.SLOPES,
        "reach steps": show_me.STEPS,
    }
    assert {name: ends for name, ends in fields.items() if name.startswith("deaths")} == {
        "deaths w": (-both, both),
        "deaths b": (-both, both),
        "deaths slope": show_me.SLOPES_WITH_BIAS,
        "deaths rate": show_me.RATES_WITH_BIAS,
        "deaths momentum": show_me.MOMENTA_WITH_BIAS,
        "deaths steps": show_me.STEPS,
    }
