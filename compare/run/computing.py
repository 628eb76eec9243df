"""What the main job computes, and tells of in order, in one process or two.

Where there are cores for both, Keras is in a process of its own, beside the other witnesses;
without Keras, some of the claims that ship are judged there. On one core everything is in
this process. What comes of it is the same to the last bit, and lines are printed as it is
reached: beside Keras, those of runs and those of claims each in their order.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from compare.claims import Claim, SharedRuns, Verdict, judge_all
from compare.question.audit import Finding, audit
from compare.question.experiments import Case
from compare.report.claim_rows.curves import Curve
from compare.run.pictures import Drawing
from compare.run.terminal import follow_findings, follow_verdicts

if TYPE_CHECKING:
    from compare.figures import Picture  # which imports matplotlib
    from compare.run.claims_beside import Beside

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
    return (_without_keras if options.no_keras else _with_keras)(options, cases, claims, drawing)


def _with_keras(
    options: argparse.Namespace, cases: list[Case], claims: list[Claim], drawing: Drawing | None
) -> Computed:
    from compare.run.keras_process import KerasBeside, keras_for

    follow = partial(follow_findings, total=len(cases), quiet=options.quiet)
    with keras_for(cases, claims) as keras:
        shared = SharedRuns(keras=keras)
        verdicts = judge_all(claims, shared)
        if not isinstance(keras, KerasBeside):
            return _told(options, follow(keras.findings(cases)), verdicts, len(claims), drawing, shared)
        followed = keras.followed(follow)
        if drawing is not None:
            keras.meanwhile = drawing.draw_one
            verdicts = _drawing_from(verdicts, followed, drawing, keras.pool)
        if sys.stdout.isatty():
            verdicts = _computed_until(followed, verdicts)  # there is room for one bar
        judged = follow_verdicts(verdicts, len(claims), options.quiet)
        return _drawn(keras.awaited(followed), judged, drawing, shared, pool=keras.pool)


def _drawing_from(
    verdicts: Iterator[Verdict], followed: Future[list[Finding]], drawing: Drawing, pool: Executor
) -> Iterator[Verdict]:
    """The same verdicts; once all findings are known, they are drawn meanwhile."""
    for verdict in verdicts:
        if followed.done():
            drawing.begin(followed.result(), pool)
        yield verdict


def _computed_until(future: Future[Any], items: Iterator[Item]) -> Iterator[Item]:
    """The same items, of which as many are computed at once as it takes until something else is done."""
    early: list[Item] = []
    while not future.done():
        found = list(islice(items, 1))
        if not found:
            break
        early += found
    wait([future])
    return chain(early, items)


def _without_keras(
    options: argparse.Namespace, cases: list[Case], claims: list[Claim], drawing: Drawing | None
) -> Computed:
    shared = SharedRuns()
    whole = not options.files and options.only is None and options.explain is None
    with _beside(claims, shared, drawing) if whole else nullcontext() as beside:
        findings = follow_findings(audit(cases), len(cases), options.quiet)
        if beside is None:
            return _told(options, findings, judge_all(claims, shared), len(claims), drawing, shared)
        return _told(options, findings, beside.verdicts, len(claims), drawing, shared, beside.curves, beside.pool)


def _beside(
    claims: list[Claim], shared: SharedRuns, drawing: Drawing | None
) -> "AbstractContextManager[Beside | None]":
    """What is judged in two processes, where there are cores for both."""
    from compare.run.claims_beside import judged_in_two  # late: claims of a file do without processes
    from compare.system.processes import cores

    if cores() == 1:
        return nullcontext()
    return judged_in_two(claims, shared) if drawing is None else judged_in_two(claims, shared, drawing.draw_one)


def _told(
    options: argparse.Namespace,
    findings: list[Finding],
    verdicts: Iterator[Verdict],
    total: int,
    drawing: Drawing | None,
    shared: SharedRuns,
    curves: Mapping[str, Curve | None] = MappingProxyType({}),
    pool: Executor | None = None,
) -> Computed:
    """Follow the verdicts, then draw."""
    judged = follow_verdicts(verdicts, total, options.quiet)
    return _drawn(findings, judged, drawing, shared, curves, pool)


def _drawn(
    findings: list[Finding],
    judged: list[Verdict],
    drawing: Drawing | None,
    shared: SharedRuns,
    curves: Mapping[str, Curve | None] = MappingProxyType({}),
    pool: Executor | None = None,
) -> Computed:
    """Draw what is left to draw."""
    pictures = []
    if drawing is not None:
        drawing.begin(findings, pool)
        pictures = drawing.finish(judged, shared)
    return Computed(findings, judged, pictures, shared, curves)
