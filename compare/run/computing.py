"""What the main job computes, and tells of in order, in one process or two.

Where there are cores for both, Keras is in a process of its own, beside the other witnesses;
without Keras, some of what ships is run and judged there. On one core everything is in
this process. What comes of it is the same to the last bit, and lines are printed as it is
reached: beside Keras, those of runs and those of claims each in their order.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, wait
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
from compare.run.subjects import opened
from compare.run.terminal import follow_findings, follow_verdicts

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
    return (_without_keras if options.no_keras else _with_keras)(options, cases, claims, drawing)


def _with_keras(
    options: argparse.Namespace, cases: list[Case], claims: list[Claim], drawing: Drawing | None
) -> Computed:
    from compare.run.keras_process import KerasBeside, keras_for

    follow = partial(follow_findings, total=len(cases), quiet=options.quiet)
    with keras_for(cases, claims, options.subject) as keras:
        shared = SharedRuns(keras=keras)
        verdicts = judge_all(claims, shared)
        if not isinstance(keras, KerasBeside):
            return _in_turn(options, follow(keras.findings(cases)), verdicts, len(claims), drawing, shared)
        if drawing is not None:
            keras.meanwhile = drawing.draw_one
        return _at_once(options, keras.followed(follow), verdicts, len(claims), drawing, shared, keras.pool)


def _without_keras(
    options: argparse.Namespace, cases: list[Case], claims: list[Claim], drawing: Drawing | None
) -> Computed:
    shared, follow = SharedRuns(), partial(follow_findings, total=len(cases), quiet=options.quiet)
    if options.subject != "keras":
        found = follow(audit(cases, opened(options.subject, options.dtype) if cases else None))
        return _in_turn(options, found, judge_all(claims, shared), len(claims), drawing, shared)
    if not (options.files or options.only is not None or options.explain is not None):
        from compare.run.claims_beside import judged_in_two  # late: a few claims do without processes
        from compare.system.processes import cores

        if cores() > 1:
            meanwhile = (lambda: False) if drawing is None else drawing.draw_one
            with judged_in_two(cases, claims, shared, follow, meanwhile) as beside:
                findings, verdicts, curves, pool = beside
                return _at_once(options, findings, verdicts, len(claims), drawing, shared, pool, curves)
    return _in_turn(options, follow(audit(cases)), judge_all(claims, shared), len(claims), drawing, shared)


def _in_turn(
    options: argparse.Namespace,
    findings: list[Finding],
    verdicts: Iterator[Verdict],
    total: int,
    drawing: Drawing | None,
    shared: SharedRuns,
) -> Computed:
    """Follow the verdicts after the findings, then draw."""
    judged = follow_verdicts(verdicts, total, options.quiet)
    return Computed(findings, judged, _drawn(drawing, findings, judged, shared), shared, {})


def _at_once(
    options: argparse.Namespace,
    findings: Future[list[Finding]],
    verdicts: Iterator[Verdict],
    total: int,
    drawing: Drawing | None,
    shared: SharedRuns,
    pool: Executor,
    curves: Mapping[str, Curve | None] = MappingProxyType({}),
) -> Computed:
    """Follow the verdicts while the findings, of the pool's process, are followed; then both draw."""
    if drawing is not None:
        verdicts = _drawing_from(findings, verdicts, drawing, pool)
    if sys.stdout.isatty():  # where there is room for one bar
        verdicts = _computed_until(findings, verdicts)
    judged = follow_verdicts(verdicts, total, options.quiet)
    found = findings.result()
    return Computed(found, judged, _drawn(drawing, found, judged, shared, pool), shared, curves)


def _drawn(
    drawing: Drawing | None,
    findings: list[Finding],
    judged: list[Verdict],
    shared: SharedRuns,
    pool: Executor | None = None,
) -> "list[Picture]":
    """All pictures, of which those that are left are drawn now."""
    if drawing is None:
        return []
    drawing.begin(findings, pool)
    return drawing.finish(judged, shared)


def _drawing_from(
    findings: Future[list[Finding]], verdicts: Iterator[Verdict], drawing: Drawing, pool: Executor
) -> Iterator[Verdict]:
    """The same verdicts; once all findings are known, they may be drawn."""
    for verdict in verdicts:
        if findings.done():
            drawing.begin(findings.result(), pool)
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
