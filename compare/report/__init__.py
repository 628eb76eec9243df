"""The page that people see: one self-contained file, everything in it escaped.

Templates (`page.html`, `parts/`), style and scripts are files of their own beside this one;
pictures are embedded. The page allows nothing from outside, and of scripts and styles only
its own, by their hashes (content security policy). Same arguments, same bytes.
"""

import base64
import hashlib
import math
import struct
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare.certificates.readings import spelled
from compare.claims import SharedRuns, Verdict
from compare.claims.number_text import times_rounding
from compare.question.audit import Finding
from compare.question.experiments import SETTINGS
from compare.report.answer import audited, url_of
from compare.report.claim_rows import rows
from compare.report.claim_rows.curves import Curve
from compare.report.claim_rows.words import HEADS, MEANINGS, SIGNS
from compare.report.data import as_json, script_data
from compare.report.defects import KillTable, kill_table
from compare.report.numbers import count, plain, typeset, unbroken
from compare.report.sentences import results_in_words
from compare.report.trust import trust_in
from compare.theory.outcomes import outcome_of

if TYPE_CHECKING:
    from compare.figures import Picture  # which imports matplotlib

__all__ = ["KillTable", "kill_table", "render"]

SCRIPTS = (  # in this order
    *("numbers", "normal", "surface", "optimizers", "descent", "outcome"),
    *("chart", "handle", "controls", "address", "sight"),
    *("votes_pulls", "votes_picture", "votes"),
    *("crossing", "plane", "hops", "closeup", "reach"),
    *("quick_moments", "minimum", "walks", "starts_map", "deaths_charts", "deaths"),
    *("runs", "claims", "start"),
)
STYLES = ("base", "votes", "reach", "deaths", "claims")
GROUPS = {  # pictures by the part of the page they belong to; others come last
    "runs": tuple(f"{neuron}-{what}" for neuron in ("relu", "leaky") for what in ("loss-curve", "close-up", "history")),
    "bias": ("relu-bias-surface", "leaky-bias-surface", "basin-map"),
    "output": ("output-right-way", "output-wrong-way", "output-upside-down", "output-both"),
    "slope": ("slope-starts", "slope-losses", "slope-maps"),
    "optimizers": ("optimizers-from-10", "optimizers-from-1"),
}


def render(
    findings: Sequence[Finding],
    verdicts: Sequence[Verdict],
    pictures: "Sequence[Picture]",
    provenance: dict[str, Any],
    *,
    shared: SharedRuns | None = None,
    curves: Mapping[str, Curve | None] | None = None,
    defects: KillTable | None = None,
) -> str:
    """Render the report as one HTML page.

    Parameters
    ----------
    findings : sequence of Finding
        Those of the source's runs; without any, the page is about the claims alone.
    verdicts : sequence of Verdict
    pictures : sequence of Picture
        Animations are left out: the page moves along the recorded runs itself.
    provenance : dict
        As `compare.system.output.environment` returns it; of it, what two identical runs on one
        machine have in common goes into the page.
    shared : SharedRuns, optional
        On which the claims were judged, for the curve of each claim about a run.
    curves : mapping of str to Curve or None, optional
        By the id of the claim, those that were drawn where it was judged.
    defects : KillTable, optional
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"data_uri": _data_uri, "sha256": _sha256, "as_json": as_json}
    environment.filters |= {"half_size": _half_size, "unbroken": unbroken}
    environment.filters |= {"spelled": spelled}
    environment.filters |= {"log10": math.log10, "plain": plain, "count": count, "typeset": typeset}
    environment.filters |= {"times_rounding": times_rounding}
    claims = list(rows(verdicts, shared, curves))
    answer = audited(claims) if findings else None
    ran = {finding.case.setting for finding in findings}
    stills = [picture for picture in pictures if picture.path.suffix != ".gif" and picture.name[:6] != "claim-"]
    return environment.get_template("page.html").render(
        findings=findings,
        claims=claims,
        answer=answer,
        wrong=answer is not None,
        verdicts={word: (SIGNS[word], HEADS[word], meaning) for word, meaning in MEANINGS.items()},
        keras=any(verdict.witnesses["keras"] is not None for verdict in verdicts),
        trust=trust_in(findings),
        settings={setting: title for setting, title in SETTINGS.items() if setting in ran},
        opening=next((picture for picture in stills if picture.name == "opening"), None),
        groups=_grouped(stills),
        data=script_data(findings) if findings else None,
        outcomes={finding.case.id: outcome_of(finding.trajectory) for finding in findings},
        source_url=url_of(claims),
        results_in_words=results_in_words(findings),
        defects=defects,
        infinity=math.inf,
        example=_text("example.toml"),
        example_result=_text("example.txt"),
        provenance=provenance,
        style="\n".join(_text(f"style/{name}.css") for name in STYLES),
        script="\n".join(_text(f"script/{name}.js") for name in SCRIPTS),
    )


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _grouped(stills: "Sequence[Picture]") -> "dict[str, list[Picture]]":
    """Pictures by the part of the page they belong to."""
    left = {picture.name: picture for picture in stills if picture.name != "opening"}
    groups = {part: [left.pop(name) for name in names if name in left] for part, names in GROUPS.items()}
    return groups | {"more": list(left.values())}


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _half_size(png: Path) -> tuple[int, int]:
    """Half of a picture's width and height in pixels, from the file's header."""
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    return -(-width // 2), -(-height // 2)


def _data_uri(png: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(png.read_bytes()).decode()}"
