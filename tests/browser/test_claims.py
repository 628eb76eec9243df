"""The claims on the page: found, sorted, read."""

import pytest

selenium = pytest.importorskip("selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT = 10  # seconds, for what is due at once


def at(session, selector):
    return session.find_element(By.CSS_SELECTOR, selector)


def shown(session):
    rows = session.find_elements(By.CSS_SELECTOR, "#claims-table > tbody > tr")
    return [row.get_attribute("id") for row in rows if row.is_displayed()]


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


def test_a_link_to_a_claim_opens_it(opened):
    at(opened, "a[href='#claim-kink-is-low']").click()
    details = at(opened, "#claim-kink-is-low details")
    WebDriverWait(opened, WAIT).until(lambda _: details.get_attribute("open") is not None)
    assert "The claim is refuted." in details.text
    assert at(opened, "#claim-kink-is-low table.numbers").is_displayed()
