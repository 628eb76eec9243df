"""The directive ``claims``: every claim that ships, judged when the pages are built.

A claim's anchor is ``claim-`` and its id, which ``:ref:`` knows too. What was judged is kept beside the doctrees, under
a digest of the code that judged it, so that a change of a page alone judges nothing. Where Keras cannot be imported, or
``claims_with_keras`` is false, the page says which claims need it.
"""

import hashlib
import html
import json
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.environment import BuildEnvironment

from compare.claims import VERDICTS, SharedRuns, Verdict, judge_all, load_claims
from compare.claims.telling import numbers, true_only_for, verdict_sentence
from compare.claims.verdicts import NEEDS_KERAS

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "compare" / "claims" / "shipped"
FILES = ("source.toml", "field.toml")
TITLES = {"question": "The question", "accepted answer": "The accepted answer"}


class Told(NamedTuple):
    """What the page says of one claim; texts, and lists of texts, so that they can be kept in a file."""

    id: str
    says: str
    source: str
    paragraph: str
    url: str
    verdict: str
    sentence: str
    number: str
    only_for: list[str]
    checks: list[tuple[str, list[list[str]]]]  # in words, and of each witness: who, its number, what it says
    notes: list[str]


def told(verdict: Verdict) -> Told:
    """Put a verdict into the page's words, which are those of the terminal."""
    claim = verdict.claim
    undecided = verdict.verdict in ("undecided", "not auditable")
    return Told(
        claim.id,
        claim.says,
        claim.source,
        claim.paragraph or "",
        claim.url or "",
        verdict.verdict,
        verdict_sentence(verdict),
        "" if undecided else verdict.number,
        list(dict.fromkeys(filter(None, (true_only_for(one, verdict.boundaries) for one in verdict.boundaries)))),
        [(check.check, [list(row) for row in check.rows]) for check in numbers(verdict)],
        list(verdict.notes),
    )


def judged(kept: Path, with_keras: bool) -> list[Told]:
    """Every claim that ships, judged, or read from the folder `kept` if the same code has judged them before."""
    recorder = _recorder() if with_keras else None
    file = kept / _name(recorder is not None)
    if file.is_file():
        return [Told(**row) for row in json.loads(file.read_text(encoding="utf-8"))]
    claims = [claim for name in FILES for claim in load_claims(SHIPPED / name)]
    rows = [told(verdict) for verdict in judge_all(claims, SharedRuns(recorder))]
    keep(rows, kept, recorder is not None)
    return rows


def keep(rows: list[Told], folder: Path, with_keras: bool) -> None:
    """Write what was judged for `judged` to find, in the place of what other code has judged."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(_name("*")):
        old.unlink()
    text = json.dumps([row._asdict() for row in rows])
    (folder / _name(with_keras)).write_text(text, encoding="utf-8")


def _name(with_keras: bool | str) -> str:
    return f"claims-{with_keras if isinstance(with_keras, str) else digest(with_keras)}.json"


def digest(with_keras: bool, root: Path = ROOT) -> str:
    """Short name of the code and the claims under `root`, and of what they are run with."""
    whole = hashlib.sha256()
    for package in ("reference", "keras_impl", "compare"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".toml"):
                whole.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    versions = [metadata.version(name) for name in ("numpy", "scipy", "keras", "tensorflow")] if with_keras else []
    whole.update(repr((with_keras, versions, Path(__file__).read_bytes())).encode())
    return whole.hexdigest()[:16]


def _recorder() -> Any:
    try:
        import keras_impl
    except ImportError:
        return None
    return keras_impl.Recorder()


def paragraph_of(row: Told) -> str:
    """The paragraph without the remark on how it is read."""
    return row.paragraph.partition(";")[0]


def reading_of(row: Told) -> str:
    """How the paragraph is read, where it can be read in several ways."""
    return row.paragraph.partition(";")[2].strip()


def overview(rows: list[Told]) -> Iterator[nodes.Node]:
    """How many there are of each verdict, under each a list of links that opens, and which are for want of Keras."""
    waiting = sum(NEEDS_KERAS in row.sentence for row in rows)
    if waiting:
        yield nodes.paragraph("", f"Keras was not at hand: {waiting} claims that need it are undecided here.")
    for verdict in VERDICTS:
        those = [row for row in rows if row.verdict == verdict]
        if those:
            yield _opens(f"{verdict}: {len(those)} of {len(rows)}")
            items = [
                nodes.list_item("", nodes.paragraph("", "", _link(row.id), nodes.Text(f": {row.says}")))
                for row in those
            ]
            yield nodes.bullet_list("", *items)
            yield _closes()


def sections(rows: Iterable[Told]) -> Iterator[nodes.section]:
    """A section for every source, and in it one for every paragraph, in the order of the files."""
    by_source: dict[str, list[Told]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    for source, those in by_source.items():
        section = _section(TITLES.get(source, source), f"source-{source}")
        urls = dict.fromkeys(row.url for row in those if row.url)
        if len(urls) == 1:
            section += nodes.paragraph("", "", nodes.reference("", next(iter(urls)), refuri=next(iter(urls))))
        for paragraph, group in _grouped(those):
            title = f"Paragraph {paragraph}" if paragraph[:1].isdigit() else paragraph[:1].upper() + paragraph[1:]
            inner = _section(title, f"source-{source}-{paragraph}") if paragraph else section
            for row in group:
                inner += entry(row, show_url=len(urls) > 1)
            if inner is not section:
                section += inner
        yield section


def _grouped(rows: list[Told]) -> Iterator[tuple[str, list[Told]]]:
    """Paragraphs with their claims; those of one paragraph need not stand side by side in the file."""
    order = {paragraph: i for i, paragraph in enumerate(dict.fromkeys(map(paragraph_of, rows)))}
    for paragraph, group in groupby(sorted(rows, key=lambda row: order[paragraph_of(row)]), key=paragraph_of):
        yield paragraph, list(group)


def entry(row: Told, show_url: bool = False) -> nodes.container:
    """One claim: what it says, the verdict in a sentence, the number that decides, where it is true."""
    box = nodes.container(ids=[f"claim-{row.id}"], classes=["claim", row.verdict.replace(" ", "-")])
    head = nodes.paragraph("", "", nodes.strong("", row.says))
    if reading_of(row):
        head += nodes.Text(f" ({reading_of(row)})")
    box += head
    box += nodes.paragraph("", "", nodes.strong("", row.verdict), nodes.Text(f" {row.sentence}"), classes=["verdict"])
    each = "; each with everything else as stated" if len(row.only_for) > 1 else ""
    facts = [("Decided by", row.number), ("True only for", "; ".join(row.only_for) + each)]
    listed = [_field(name, text) for name, text in facts if text]
    if show_url and row.url:
        listed.append(_field("Where", row.url, nodes.reference("", row.url, refuri=row.url)))
    listed.append(_field("Name", row.id, nodes.literal("", row.id), nodes.Text(" "), _link(row.id, "#")))
    box += nodes.field_list("", *listed)
    if row.checks:
        box += [_opens("What each witness says"), *_checks(row.checks)]
        box += [*(nodes.paragraph("", f"Remark: {note}.") for note in row.notes), _closes()]
    return box


def _field(name: str, text: str, *inside: nodes.Node) -> nodes.field:
    body = nodes.paragraph("", "", *inside) if inside else nodes.paragraph("", text)
    return nodes.field("", nodes.field_name("", name), nodes.field_body("", body))


def _checks(checks: list[tuple[str, list[list[str]]]]) -> Iterator[nodes.Node]:
    """For each check its words, and a small table."""
    for check, rows in checks:
        yield nodes.paragraph("", check)
        if rows:
            group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (3, 4, 4)), cols=3)
            group += nodes.thead("", _row(["witness", "number", "says"]))
            group += nodes.tbody("", *map(_row, rows))
            yield nodes.table("", group)


def _row(cells: list[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells))


def _section(title: str, name: str) -> nodes.section:
    return nodes.section(
        "", nodes.title("", title), ids=[nodes.make_id(name)], names=[nodes.fully_normalize_name(name)]
    )


def _link(id: str, text: str = "") -> nodes.reference:
    return nodes.reference("", text or id, refid=f"claim-{id}", internal=True)


def _opens(summary: str) -> nodes.raw:
    return nodes.raw("", f"<details><summary>{html.escape(summary)}</summary>", format="html")


def _closes() -> nodes.raw:
    return nodes.raw("", "</details>", format="html")


class ClaimsDirective(Directive):
    """All claims that ship, with their verdicts."""

    def run(self) -> list[nodes.Node]:
        """Judge them, and tell `:ref:` where each is."""
        env: BuildEnvironment = self.state.document.settings.env
        rows = judged(Path(env.doctreedir), env.config.claims_with_keras)
        domain = env.get_domain("std")
        assert isinstance(domain, StandardDomain)
        for row in rows:
            domain.note_hyperlink_target(f"claim-{row.id}", env.docname, f"claim-{row.id}", row.id)
        env.note_reread()
        shown: list[nodes.Node] = [*overview(rows), *sections(rows)]
        for section in shown:
            if isinstance(section, nodes.section):
                for inner in section.findall(nodes.section):
                    self.state.document.note_implicit_target(inner)
        return shown


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and the setting that leaves Keras out."""
    app.add_config_value("claims_with_keras", default=True, rebuild="env", types=[bool])
    app.add_directive("claims", ClaimsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
