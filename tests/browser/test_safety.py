"""Whatever texts get into the page, nothing in it runs but its own script."""

import pytest

HARMED = "return typeof window.harmed"


@pytest.mark.usefixtures("afresh")
def test_hostile_texts_are_shown_and_do_nothing(opened):
    opened.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert opened.execute_script(HARMED) == "undefined"
    code = """const texts = [...document.querySelectorAll("summary, figcaption, th, option, .claim-list .from")];
    const plain = texts.map(element => element.textContent.replaceAll("\\u00a0", " ").replaceAll("\\u00b7", "*"));
    return plain.filter(text => text.includes("window.harmed = 1"));"""
    texts = opened.execute_script(code)
    expected = "</style></script></title><script>window.harmed = 1</script><img src=x onerror='window.harmed = 2'>"
    assert len(texts) >= 6  # claim, its source twice, two captions, defect
    assert all(expected in text and "{{ 7 * 7 }}" in text for text in texts)
    assert (
        opened.execute_script("return document.querySelectorAll('svg[onload], img[onerror], [onmouseover]').length")
        == 0
    )
    assert opened.get_log("browser") == []


def test_the_alt_text_of_a_picture_is_the_text(opened):
    alts = opened.execute_script("return [...document.images].map(image => image.alt)")
    assert alts
    assert all("<script>window.harmed = 1</script>" in alt for alt in alts)


def test_nothing_is_fetched(opened):
    fetched = opened.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert [name for name in fetched if not name.startswith("data:")] == []


@pytest.mark.parametrize(
    "planted",
    [
        "<script>window.harmed = 1</script>",
        "<img src=x onerror='window.harmed = 1'>",
        "<svg onload='window.harmed = 1'></svg>",
        "<p style='color: red'>styled</p>",
        "<img src='https://example.org/x.png'>",
        "<iframe srcdoc='<script>parent.harmed = 1</script>'></iframe>",
    ],
)
def test_what_would_be_planted_is_blocked_and_logged(chromium, page, tmp_path, planted):
    copy = tmp_path / "planted.html"
    copy.write_text(page.read_text(encoding="utf-8").replace("</main>", f"{planted}</main>"), encoding="utf-8")
    chromium.get_log("browser")  # what earlier tests left
    chromium.get(copy.as_uri())
    assert chromium.execute_script(HARMED) == "undefined"
    assert any("Content Security Policy" in entry["message"] for entry in chromium.get_log("browser"))


def test_without_the_policy_the_planted_script_would_run(chromium, page, tmp_path):
    text = page.read_text(encoding="utf-8").replace("</main>", "<script>window.harmed = 1</script></main>")
    copy = tmp_path / "open.html"
    copy.write_text(text.replace("Content-Security-Policy", "no-policy"), encoding="utf-8")
    chromium.get(copy.as_uri())
    assert chromium.execute_script(HARMED) == "number"
