"""What the main job computes, and tells of in order, in one process or two.

Where there are cores for both, Keras is in a process of its own, beside the other witnesses;
without Keras, some of the claims that ship are judged there. On one core everything is in
this process. What comes of it is the same to the last bit.
"""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from compare.claims import Claim, SharedRuns, Verdict, judge_all
from compare.question.audit import Finding, audit
from compare.question.experiments import Case
from compare.report.claim_rows.curves import Curve
from compare.run.claims_beside import judged_in_two
from compare.run.keras_process import KerasBeside, keras_for
from compare.run.pictures import Drawing
from compare.run.terminal import follow_findings, follow_verdicts
from compare.system.processes import cores

if TYPE_CHECKING:
    from compare.figures import Picture  # which imports matplotlib

__all__ = ["Computed", "compute"]

Item = TypeVar("Item")


class Computed(NamedTuple):
    """All that is written down."""

    findings: list[Finding]
    verdicts: list[Verdict]
    pictures: "list[Picture]"
    shared: SharedRuns  # of the claims that were judged here
    curves: Mapping[str, Curve | None]  # of the others, by id


def compute(options: argparse.Namespace, cases: list[Case], claims: list[Claim], folder: Path) -> Computed:
    """Run cases, judge claims and draw pictures, in a folder of the given one."""
    drawing = None if options.no_figures else Drawing(folder / "figures", options, bool(cases))
    if options.no_keras:
        return _without_keras(options, cases, claims, drawing)
    with keras_for(cases, claims) as keras:
        shared = SharedRuns(keras=keras)
        verdicts = judge_all(claims, shared)
        follow = partial(follow_findings, total=len(cases), quiet=options.quiet)
        if isinstance(keras, KerasBeside):
            followed = keras.followed(follow)
            keras.meanwhile = lambda: drawing is not None and drawing.draw_one()
            verdicts = _begun(verdicts)
            findings = keras.awaited(followed)
        else:
            findings = follow(keras.findings(cases))
        return _told(options, findings, verdicts, len(claims), drawing, shared, {})


def _without_keras(
    options: argparse.Namespace, cases: list[Case], claims: list[Claim], drawing: Drawing | None
) -> Computed:
    shared = SharedRuns()
    whole = not options.files and options.only is None and options.explain is None
    with judged_in_two(claims, shared) if whole and cores() > 1 else nullcontext() as beside:
        findings = follow_findings(audit(cases), len(cases), options.quiet)
        verdicts, curves = (judge_all(claims, shared), {}) if beside is None else beside
        return _told(options, findings, verdicts, len(claims), drawing, shared, curves)


def _told(
    options: argparse.Namespace,
    findings: list[Finding],
    verdicts: Iterator[Verdict],
    total: int,
    drawing: Drawing | None,
    shared: SharedRuns,
    curves: Mapping[str, Curve | None],
) -> Computed:
    """Follow the verdicts, and draw what is left to draw."""
    if drawing is not None:
        drawing.begin(findings)
    judged = follow_verdicts(verdicts, total, options.quiet)
    pictures = [] if drawing is None else drawing.finish(judged, shared)
    return Computed(findings, judged, pictures, shared, curves)


def _begun(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, of which the first is computed at once, with all that goes before."""
    return chain(list(islice(items, 1)), items)
