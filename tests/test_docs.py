"""The pages of docs/: every code block runs, everything public is there, and they build without a network."""

import doctest
import html
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import compare.claims
import compare.figures
import compare.surface
import compare.sweep
import compare.theory
import keras_impl
import reference
from compare.claims import SharedRuns, judge_all, load_claims

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.rst") if "build" not in page.relative_to(DOCS).parts)
TEXTS = {page.relative_to(DOCS).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
FETCHED = re.compile(r"""<(?:script|img|link|iframe)\b[^>]*(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(["']?https?:""")


def blocks(language):
    """The code blocks of a language, each with the name of its page."""
    pattern = re.compile(rf"^\.\. code-block:: {language}\n\n((?:(?:   .*)?\n)+)", flags=re.MULTILINE)
    return [(name, re.sub(r"(?m)^   ", "", found)) for name, text in TEXTS.items() for found in pattern.findall(text)]


def extension(name):
    """A module of docs/extensions."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "extensions" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def commands():
    """The extension that knows the commands' parsers."""
    return extension("commands")


@pytest.fixture(scope="module")
def gallery():
    """The extension that judges all claims."""
    return extension("gallery")


def as_expected(claim, gallery):
    """What the page would say of a claim that is judged as its file expects."""
    nothing = {"number": "", "only_for": [], "checks": [], "notes": []}
    texts = {"paragraph": claim.paragraph or "", "url": claim.url or "", "sentence": "As expected."}
    return gallery.Told(id=claim.id, says=claim.says, source=claim.source, verdict=claim.expect, **texts, **nothing)


@pytest.fixture(scope="module")
def built(tmp_path_factory, gallery):
    """Folder of the pages, built as `make docs` does, but for judging the claims, which tests of claims do."""
    folder = tmp_path_factory.mktemp("docs")
    claims = [claim for name in gallery.FILES for claim in load_claims(gallery.SHIPPED / name)]
    gallery.keep([as_expected(claim, gallery) for claim in claims], folder / "doctrees", with_keras=True)
    done = build(DOCS, folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"


def build(source, folder):
    flags = ["--fail-on-warning", "--keep-going", "--nitpicky", "--quiet", "--doctree-dir", str(folder / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *flags, str(source), str(folder / "html")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if ">>>" in text])
def test_its_python_prints_what_it_shows(name):
    example = doctest.DocTestParser().get_doctest(TEXTS[name], {"__name__": "__main__"}, name, name, 0)
    said = []
    result = doctest.DocTestRunner().run(example, out=said.append)
    assert result.attempted > 2
    assert not result.failed, "".join(said)


def test_every_code_block_is_of_a_kind_that_is_run():
    kinds = {kind for text in TEXTS.values() for kind in re.findall(r"code-block:: *(\S*)", text)}
    assert kinds == {"toml", "console"}
    assert [line for text in TEXTS.values() for line in text.splitlines() if re.match(r"(?!\.\. ).*::$", line)] == []


@pytest.mark.parametrize(("name", "toml"), blocks("toml"))
def test_its_claims_can_be_loaded(name, toml, tmp_path):
    (tmp_path / "mine.toml").write_text(toml, encoding="utf-8")
    assert load_claims(tmp_path / "mine.toml")


def test_the_verdicts_that_the_pages_tell_are_so(tmp_path):
    told = {
        "momentum-is-stuck-too": "refuted",
        "adam-is-stuck": "conditional",
        "a-steeper-leak-is-quicker": "holds",
        "the-minimum-is-at-one": "refuted",
    }
    found = {}
    for _, toml in blocks("toml"):
        (tmp_path / "mine.toml").write_text(toml, encoding="utf-8")
        claims = load_claims(tmp_path / "mine.toml")
        found |= {v.claim.id: v.verdict for v in judge_all(claims, SharedRuns())}
    assert found == told


def test_its_commands_exist_and_take_these_flags(commands):
    lines = [line for _, block in blocks("console") for line in block.splitlines() if line]
    assert len(lines) > 5
    for line in lines:
        prompt, python, flag, name, *arguments = shlex.split(line)
        assert (prompt, python, flag) == ("$", "python", "-m")
        commands.parser_of(name).parse_args(arguments)


def test_every_flag_of_every_command_is_on_the_page(commands, built):
    page = html.unescape(re.sub("<[^>]*>", "", (built / "reference" / "commands.html").read_text(encoding="utf-8")))
    names = commands.command_names()
    assert {"compare.run", "compare.defects", "keras_impl.question"} <= set(names)
    for name in names:
        assert f"python -m {name}" in page
        actions = commands.parser_of(name)._actions
        assert [
            f for action in actions for f in action.option_strings if f not in page and f not in ("-h", "--help")
        ] == []


@pytest.mark.parametrize(
    "package",
    [reference, keras_impl, compare, compare.surface, compare.theory, compare.claims, compare.sweep, compare.figures],
)
def test_everything_public_is_in_the_reference(package, built):
    pages = "".join(page.read_text(encoding="utf-8") for page in (built / "reference").glob("*.html"))
    assert [n for n in package.__all__ if f'id="{package.__name__}.{n}"' not in pages] == []


def test_the_pages_need_no_network_and_tell_nothing_of_this_machine(built):
    texts = {
        path.relative_to(built).as_posix(): path.read_text(encoding="utf-8")
        for path in built.rglob("*")
        if path.suffix in {".html", ".css", ".js", ".inv", ".txt", ""} and path.is_file() and path.name != "objects.inv"
    }
    assert {f"{name.removesuffix('.rst')}.html" for name in TEXTS} <= texts.keys()
    assert [name for name, text in texts.items() if FETCHED.search(text)] == []
    assert [name for name, text in texts.items() if str(ROOT) in text or str(Path.home()) in text] == []
    assert any("<math" in text for text in texts.values())


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://example.org/a.js">',
        '<img alt="" src="//example.org/a.png">',
        "@import url(http://example.org)",
    ],
)
def test_what_would_be_fetched_is_seen(planted):
    assert FETCHED.search(planted)
    assert not FETCHED.search('<a href="https://example.org">, <script src="a.js">')


def test_every_claim_is_in_the_gallery_with_its_verdict_and_where_it_says_so(gallery, built):
    page = (built / "claims.html").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    for claim in (claim for name in gallery.FILES for claim in load_claims(gallery.SHIPPED / name)):
        box = page.partition(f'id="claim-{claim.id}">')[2].partition("</dl>")[0]
        assert html.escape(claim.says, quote=False) in box
        assert f"<strong>{claim.expect}</strong>" in box
        assert claim.url is None or html.escape(claim.url) in page
    assert 'href="#claim-leaky-crosses-zero"' in page


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (r":math:`\frac{1}`", False),
        (":doc:`nowhere`", False),
        (".. command:: compare.certificates.exact.rational", False),
        (r":math:`\frac{1}{2}`", True),
    ],
)
def test_a_mistake_in_a_page_stops_the_build_and_nothing_else_does(text, right, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    extensions = str(DOCS / "extensions")
    lines = [f"import sys; sys.path.insert(0, {extensions!r})", "extensions = ['mathml', 'commands']"]
    (source / "conf.py").write_text("\n".join([*lines, "html_math_renderer = 'mathml'"]), encoding="utf-8")
    (source / "index.rst").write_text(f"Title\n=====\n\n{text}\n", encoding="utf-8")
    assert (build(source, tmp_path).returncode == 0) == right
