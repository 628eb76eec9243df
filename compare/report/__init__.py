"""The page that people see: one self-contained file, everything in it escaped.

The template and the style are files of their own beside this one; pictures are embedded.
The page allows nothing from outside and no script (content security policy).
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare.experiments import SETTINGS

if TYPE_CHECKING:
    from compare.audit import Finding
    from compare.claims import Verdict
    from compare.figures import Picture

__all__ = ["render"]

MEDIA = {".png": "image/png", ".gif": "image/gif"}


def render(
    findings: "Sequence[Finding]",
    verdicts: "Sequence[Verdict]",
    pictures: "Sequence[Picture]",
    provenance: dict[str, Any],
) -> str:
    """Render the report as one HTML page.

    Parameters
    ----------
    findings : sequence of Finding
    verdicts : sequence of Verdict
    pictures : sequence of Picture
        The first one opens the page.
    provenance : dict
        As `compare.output.environment` returns it; of it, what two identical runs on one
        machine have in common goes into the page.

    Returns
    -------
    str
    """
    import jinja2

    from compare.claims.explain import explain
    from compare.claims.results import boundary_text

    package = resources.files(__name__)
    style = package.joinpath("style.css").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"data_uri": _data_uri, "explain": explain, "boundary": boundary_text}
    template = environment.from_string(package.joinpath("page.html").read_text(encoding="utf-8"))
    ran = {finding.case.setting for finding in findings}
    return template.render(
        findings=findings,
        verdicts=verdicts,
        by_id={finding.case.id: finding for finding in findings},
        settings={setting: title for setting, title in SETTINGS.items() if setting in ran},
        pictures=pictures,
        provenance=provenance,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _data_uri(path: Path) -> str:
    return f"data:{MEDIA[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"
