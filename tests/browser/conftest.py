"""One Chromium for all tests of the page, and the page they look at."""

import math
import os
import shutil
import time
from itertools import pairwise

import pytest

from compare.claims import SharedRuns, judge_all
from compare.defects.detection.conventional_tests import USUAL_TESTS
from compare.defects.detection.lanes import LANES
from compare.figures import Picture, style
from compare.question.audit import audit
from compare.question.experiments import shipped
from compare.report import kill_table, render
from compare.run.selection import read_claims
from compare.system.output import environment, write_json

FLAGS = (
    "--headless",
    "--no-sandbox",  # as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
AS_AT_FIRST = """history.replaceState(null, "", location.pathname);
for (const [figure, put] of FIGURES) {
    const form = document.querySelector(`#${figure} form`);
    form.reset();
    put(Object.fromEntries(new FormData(form)));
}
for (const one of document.querySelectorAll("details")) {
    one.open = window.unharmed.includes(one);
}
document.activeElement.blur();
getSelection().removeAllRanges();
scrollTo(0, 0);"""
# What would set window.harmed if anything in the page took it for more than text.
HOSTILE = (
    "</style></script></title><script>window.harmed = 1</script><img src=x onerror='window.harmed = 2'>"
    '"><svg onload="window.harmed = 3"></svg>{{ 7 * 7 }}<!--'
)
CLAIMS = f"""
[[claim]]
id = "hostile"
says = '''{HOSTILE}'''
source = '''{HOSTILE}'''
url = '''https://example.org/"onmouseover="window.harmed=4'''
vary = {{ momentum = [0.0, 0.99] }}
[claim.experiment]
initial = {{ w = -10.0 }}
optimizer = {{ name = "SGD", learning_rate = 0.01, momentum = 0.9 }}
steps = 100
[[claim.check]]
quantity = "w"
when = "end"
below = 0.0

[[claim]]
id = "lowest-at-one"
says = "The loss is lowest at w = 1."
source = "accepted answer"
[[claim.check]]
quantity = "minimum.w"
near = 1.0
within = 0.0

[[claim]]
id = "kink-is-low"
says = "At the kink the loss is below a tenth."
source = "accepted answer"
[[claim.check]]
quantity = "expected_loss"
at = {{ w = 0.0 }}
below = 0.1
"""


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """A report with everything in it: runs, claims, pictures, the kill table, hostile texts."""
    folder = tmp_path_factory.mktemp("page")
    claims_file = folder / "claims.toml"
    claims_file.write_text(CLAIMS, encoding="utf-8")
    shared = SharedRuns()
    cases = [case for case in shipped() if case.experiment.trainable == ("w",) or case.id.startswith("bias-backward")]
    findings = list(audit(cases))
    verdicts = list(judge_all(read_claims([claims_file], seed=0, dtype="float32"), shared))
    style.save_png(style.file_figure((style.WIDTH, 3.0)), folder / "empty.png")
    pictures = [
        Picture(name, folder / "empty.png", HOSTILE, HOSTILE) for name in ("opening", "basin-map", "slope-maps")
    ]
    seen, unseen = {"killed": True, "step": 3}, {"killed": False}
    defect = {
        "name": "hostile",
        "says": HOSTILE,
        "side": "reference",
        "changes_mathematics": True,
        "killed": True,
        "default": seen,
        "lanes": {lane: seen if lane == LANES[0] else unseen for lane in LANES},
        "usual_tests": dict.fromkeys(USUAL_TESTS, False),
    }
    write_json(folder / "defects.json", {"schema": 1, "defects": [defect], "controls": {"false_alarms": []}})
    provenance = environment([], seed=0, dtype="float32", keras=False)
    path = folder / "report.html"
    text = render(findings, verdicts, pictures, provenance, shared=shared, defects=kill_table(folder))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A WebDriver; skipped where there is no browser, but for CI, where there has to be one."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        reason = "needs Debian's packages chromium and chromium-driver"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    session = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    yield session
    session.quit()


@pytest.fixture
def opened(chromium, page):
    """The page in a light window of a desktop, as if opened afresh: opened, or put back to what it was at first.

    Tests that leave more behind than AS_AT_FIRST takes back, or that ask how the page opens, are `afresh` too.
    """
    if is_kept(chromium):
        look(chromium)
        put_back(chromium)
    else:
        open_to_keep(chromium, page)
    return chromium


def put_back(session):
    session.execute_script(AS_AT_FIRST)


@pytest.fixture
def as_at_first():
    """`put_back`, for the test that it does what it says."""
    return put_back


@pytest.fixture
def afresh(chromium):
    """Have the page opened for this test alone, which may do with it what it wants."""
    forget = "delete window.unharmed"
    chromium.execute_script(forget)
    yield
    chromium.execute_script(forget)


@pytest.fixture
def functions(chromium, page):
    """The page for tests that call its functions, or set all of a figure; opened only if another test left it since.

    Nothing may be planted in it.
    """
    if not is_kept(chromium):
        open_to_keep(chromium, page)
    return chromium


def is_kept(session):
    """Whether the window still has the page that an earlier test opened."""
    return session.execute_script("return Boolean(window.unharmed)")


def open_to_keep(session, page):
    """Open the page, and let it remember that no test has harmed it, and what was open then."""
    open_afresh(session, page).execute_script("window.unharmed = [...document.querySelectorAll('details[open]')]")


def open_afresh(session, page):
    """Open the page in a light window of a desktop."""
    look(session)
    session.get_log("browser")  # what earlier tests left
    session.get(page.as_uri())
    assert session.get_log("browser") == []
    return session


def look(session, *, width=1100, media="screen", theme="light", motion="no-preference"):
    """Set what the page is looked at with."""
    window = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    session.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", window)
    session.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": width < 600})
    features = {"prefers-color-scheme": theme, "prefers-reduced-motion": motion}
    asked = [{"name": name, "value": value} for name, value in features.items()]
    session.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": asked})


@pytest.fixture
def looking():
    """`look`, for tests that look in more than one way."""
    return look


def violations_in(session, part="html"):
    """What axe finds that keeps people out of a part of the page: by rule, the elements that break it."""
    from selenium_axe_python import Axe

    axe = Axe(session)
    if not session.execute_script("return 'axe' in window"):
        axe.inject()
    found = axe.run(repr(part), {"resultTypes": ["violations"]})["violations"]  # of the others no details
    return {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found}


@pytest.fixture
def violations():
    """`violations_in`, for tests of all that can be seen."""
    return violations_in


class Gestures:
    """A mouse and a finger, by places in the window; what a browser does with them, not what a test dispatches."""

    def __init__(self, session):
        self.session = session

    def centre(self, selector):
        """Scroll an element into the middle of the window; where its centre is."""
        code = """const box = document.querySelector(arguments[0]);
        box.scrollIntoView({block: "center"});
        const {x, y, width, height} = box.getBoundingClientRect();
        return [x + width / 2, y + height / 2];"""
        return tuple(self.session.execute_script(code, selector))

    def drag(self, start, *places):
        """Press the mouse, go through the places, let go."""
        self._mouse("mousePressed", start, button="left", clickCount=1)
        for place in places:
            self._mouse("mouseMoved", place, button="left")
        self._mouse("mouseReleased", (start, *places)[-1], button="left", clickCount=1)

    def click(self, place):
        """Click with the mouse."""
        self.drag(place)

    def swipe(self, start, *places):
        """Put a finger down, go through the places, lift it."""
        self._touch("touchStart", start)
        for place in places:
            self._touch("touchMove", place)
        self._touch("touchEnd")

    def is_scrolled_by_finger(self, start, up, tries=5):
        """Whether a swipe up scrolls the page by half its way; some are tried, as a pause makes a long press of one."""

        def scrolled():
            return self.session.execute_script("return scrollY")

        for _ in range(tries):
            before = scrolled()
            self.swipe(start, *[(start[0], start[1] - up * i / 8) for i in range(1, 9)])
            for _ in range(20):
                if scrolled() > before + up / 2:
                    return True
                time.sleep(0.1)
        return False

    def _mouse(self, kind, place, **options):
        event = {"type": kind, "x": place[0], "y": place[1], **options}
        self.session.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def _touch(self, kind, *places):
        points = [{"x": x, "y": y} for x, y in places]
        self.session.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def gestures(chromium):
    """Gestures on the page; a finger where `looking` has set a phone."""
    return Gestures(chromium)


def term_sizes(w, b, s):
    """The magnitudes of the terms of dL/dw and dL/db, summed: what may cancel in them.

    On each piece 2 |phi'| (|slope| |x|^2 + |rest| |x|) and 2 |phi'| (|slope| |x| + |rest|), where slope and
    rest are those of the residual. With phi' = 1 the slope is w - 1 or w, rounded once; else its terms count.
    """
    kink = -b / w if w else 0.0
    cuts = [-math.inf, *sorted({0.0, kink}), math.inf]
    by_w = by_b = 0.0
    for low, high in pairwise(cuts):
        inside = low + 1 if math.isinf(high) else high - 1 if math.isinf(low) else (low + high) / 2
        gain, label = (1.0 if w * inside + b > 0 else s), float(inside > 0)
        slope = abs(w - label) if gain == 1 else abs(gain * w) + label
        near, far = (low, high) if low >= 0 else (-high, -low)
        m0 = (math.erfc(near / math.sqrt(2)) - math.erfc(far / math.sqrt(2))) / 2
        m1 = density(near) - density(far)
        m2 = m0 + near * density(near) - (0.0 if math.isinf(far) else far * density(far))
        by_w += 2 * abs(gain) * (slope * m2 + abs(gain * b) * m1)
        by_b += 2 * abs(gain) * (slope * m1 + abs(gain * b) * m0)
    return by_w, by_b


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


@pytest.fixture(scope="session")
def sizes():
    """`term_sizes`, which bounds on the page's gradients are relative to."""
    return term_sizes


def hops_in(page, chart):
    """Where on the way across each hop of a chart begins and ends."""
    code = """return [...document.querySelectorAll(`#reach-${arguments[0]} .hop`)].flatMap((path) =>
        path.getAttribute("d").split("M").slice(1).map((hop) => hop.match(/-?[\\d.]+/g).map(Number)))"""
    return [(hop[0], hop[4]) for hop in page.execute_script(code, chart)]


@pytest.fixture(scope="session")
def hops():
    """`hops_in`, for tests of what is drawn of a run."""
    return hops_in
