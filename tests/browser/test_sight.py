"""Maps take long to compute: they are filled where somebody comes near them, or prints them, and not before."""

import pytest

selenium = pytest.importorskip("selenium")
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 30  # seconds, for a map on a busy machine
FIGURES = ("reach", "deaths")
MAPS = {"reach": ("plane", "cells", "96 \u00d7 64 runs"), "deaths": ("map", "counts", "of these 64 \u00d7 64 starts")}


def state(session, figure):
    """The kinds of a map's cells, and whether the words beside it say that it is complete."""
    name, words, told = MAPS[figure]
    code = """const [map, words] = [...arguments].map((id) => document.getElementById(id));
    return [[...map.querySelectorAll(".cells .cell")].map((one) => one.classList[1]).sort(), words.textContent];"""
    kinds, said = session.execute_script(code, f"{figure}-{name}", f"{figure}-{words}")
    return kinds, told in said


def scroll(session, figure, windows):
    """Let the top of a map be so many windows' heights below that of the window."""
    code = """const top = document.getElementById(arguments[0]).getBoundingClientRect().top;
    scrollBy(0, top - arguments[1] * innerHeight);"""
    session.execute_script(code, f"{figure}-{MAPS[figure][0]}", windows)


def pause(session):
    """Long enough for a map to begin: what is observed is told with a frame, and computed after it."""
    session.execute_async_script(
        "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[0], 100)))"
    )


def complete(session, figure):
    WebDriverWait(session, WAIT).until(lambda _: state(session, figure)[1])


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.usefixtures("afresh")
def test_a_map_is_filled_once_it_is_near_and_not_before(opened, figure):
    pause(opened)
    assert [state(opened, one) for one in FIGURES] == [([], False)] * 2
    scroll(opened, figure, 2.1)
    pause(opened)
    assert state(opened, figure) == ([], False)
    height = opened.execute_script("return document.documentElement.scrollHeight")
    scroll(opened, figure, 1.9)  # which cannot be seen yet
    complete(opened, figure)
    assert state(opened, figure)[0]
    assert opened.execute_script("return document.documentElement.scrollHeight") == height


@pytest.mark.usefixtures("afresh")
def test_settings_out_of_sight_are_those_of_the_map_once_it_is_seen(opened):
    for values in ({"slope": 0.3}, {"slope": 1, "rate": 0.1}):
        opened.execute_script("FIGURES.get('deaths')(arguments[0])", values)
    pause(opened)
    assert state(opened, "deaths") == ([], False)
    scroll(opened, "deaths", 0)
    complete(opened, "deaths")
    assert state(opened, "deaths")[0] == ["stuck"]
    scroll(opened, "deaths", 5)  # away again, where an older map is not taken for that of new settings
    pause(opened)
    opened.execute_script("FIGURES.get('deaths')({ slope: 0.3 })")
    pause(opened)
    assert state(opened, "deaths") == (["stuck"], False)
    assert opened.execute_script("return document.querySelector('#deaths-map .cells').classList.contains('old')")
    scroll(opened, "deaths", 0.5)
    complete(opened, "deaths")
    assert state(opened, "deaths")[0] == ["learned"]


@pytest.mark.parametrize("figure", FIGURES)
def test_an_address_with_a_state_fills_its_map(opened, page, figure):
    opened.get("about:blank")
    opened.get(f"{page.as_uri()}#figure={figure}&w=-1&slope=1&rate=0.1")
    complete(opened, figure)
    assert state(opened, figure)[0] == {"reach": ["crosses", "diverges"], "deaths": ["stuck"]}[figure]


@pytest.mark.usefixtures("afresh")
def test_on_paper_both_maps_are_complete_though_nobody_has_seen_them(opened):
    pause(opened)
    assert [state(opened, one)[1] for one in FIGURES] == [False] * 2
    opened.execute_script(
        """addEventListener("beforeprint", () => {
            window.onPaper = ["reach-cells", "deaths-counts"].map((id) => document.getElementById(id).textContent);
        });"""
    )
    opened.execute_cdp_cmd("Page.printToPDF", {})
    said = opened.execute_script("return window.onPaper")
    assert [MAPS[one][2] in words for one, words in zip(FIGURES, said, strict=True)] == [True, True]
    found = [state(opened, one) for one in FIGURES]
    assert found == [(["crosses", "diverges", "stays"], True), (["dead", "learned", "way"], True)]
    pause(opened)
    assert [state(opened, one) for one in FIGURES] == found


def test_printing_does_not_wait_longer_than_it_may_and_the_rest_is_computed_afterwards(opened):
    code = """const run = { w: -10, b: 0, bias: false, optimizer: "SGD", rate: 0.01, second: 0, slope: 0, steps: 60 };
    const maps = [];
    const plane = fillPlane(run, (kinds, size) => maps.push(size[0]));
    const starts = mapStarts({ ...run, bias: true }, minimumWithBias(0), { x: [-3, 3], y: [-3, 3] }, (kinds) =>
        maps.push(kinds.length));
    for (const one of [plane, starts]) one.finish(performance.now() - 1);
    const early = maps.length;
    const done = arguments[0];
    setTimeout(function look() {
        maps.length < 7 ? setTimeout(look, 20) : done([early, maps.sort((a, b) => a - b)]);
    });"""
    assert opened.execute_async_script(code) == [0, [8, 16, 24, 32, 48, 64, 96]]
