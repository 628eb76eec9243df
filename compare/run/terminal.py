"""What a person sees: progress while runs and claims are computed, then tables, then what failed."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from compare.certificates.readings import spelled
from compare.certificates.specification import short_name_of
from compare.claims import Verdict
from compare.question.audit import Finding
from compare.system.console import progress_bar, say
from reference import Parameters

__all__ = ["departures", "failures", "follow_findings", "follow_verdicts", "show"]


def _headings(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Of the table of runs, which names who made them; Keras if nobody was asked."""
    names = {short_name_of(found.certificate.subject) for found in findings if found.certificate is not None}
    return (
        "experiment",
        *Parameters._fields,
        "expected\nloss there",
        f"{' or '.join(sorted(names)) or 'Keras'} and\nreference",
        "largest difference,\nof what rounding allows",
    )


Item = TypeVar("Item")


def follow_findings(findings: Iterable[Finding], total: int, quiet: bool) -> list[Finding]:
    """Collect findings as they come, and show how far it is."""
    bar = progress_bar("{task.description:24}", "starting", total, timer="TimeRemainingColumn")
    return list(_followed(findings, total, quiet, lambda finding: (finding.case.id, _agreement(finding)), bar))


def follow_verdicts(verdicts: Iterable[Verdict], total: int, quiet: bool) -> list[Verdict]:
    """Collect verdicts as they come, and show how far it is."""
    if total > 1 and not quiet and not sys.stdout.isatty():
        print(f"judging {total} claims", flush=True)  # the first of them takes the longest
    bar = progress_bar("{task.description:32.32}", "running what claims need", total)
    return list(_followed(verdicts, total, quiet, lambda verdict: (verdict.claim.id, verdict.verdict), bar))


def _followed(
    items: Iterable[Item],
    total: int,
    quiet: bool,
    id_and_outcome: Callable[[Item], tuple[str, str]],
    bar: AbstractContextManager[Callable[..., None]],
) -> Iterator[Item]:
    """Pass items on and show how far it is: a bar on a terminal, else a plain line each."""
    if quiet or total == 0:
        yield from items
    elif sys.stdout.isatty():
        with bar as update:
            for item in items:
                update(advance=1, description=id_and_outcome(item)[0])
                yield item
    else:
        for number, item in enumerate(items, 1):
            line = f"[{number}/{total}] {': '.join(id_and_outcome(item))}\n"
            print(line, end="", flush=True)  # in one piece: runs and claims may be followed at the same time
            yield item


def show(options: argparse.Namespace, findings: Sequence[Finding], verdicts: Sequence[Verdict]) -> None:
    """Print a table of runs, and one of claims or the story of the one that is to be explained."""
    from compare.claims.telling.explain import explain
    from compare.claims.telling.table import numbers_table, verdicts_table

    if findings:
        certified = [finding.certificate for finding in findings if finding.certificate is not None]
        if certified:
            say(f"Under test: {certified[0].subject}")
        say(_findings_table(findings))
        for line in departures(findings):
            say(line)
    if verdicts and options.explain is None:
        say(verdicts_table(verdicts))
    elif verdicts:
        say(explain(verdicts[0]))
        say(numbers_table(verdicts[0]))
    say(f"Report: {options.out / 'report.html'}")


def _findings_table(findings: Sequence[Finding]) -> Any:
    """Experiment, what was trained at the end, expected loss there, agreement, the largest difference; or as a list."""
    from compare.claims.telling.layout import ByWidth

    rows, headings = [_cells(finding) for finding in findings], _headings(findings)
    longest = [
        max(len(line) for cell in column for line in cell.split("\n")) for column in zip(headings, *rows, strict=True)
    ]
    least = sum(longest) + 3 * len(headings)  # with what is between them
    return ByWidth(least, lambda width: _columns(headings, rows), lambda width: _list(headings, rows, width))


def _columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _list(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Any:
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from compare.claims.telling.layout import folded_at_hyphens

    parts: list[Any] = []
    for id, *cells in rows:
        named = zip(headings[1:], cells, strict=True)
        lines = [f"{heading.replace(chr(10), ' ')}: {cell}" for heading, cell in named if cell]
        parts += [Text(folded_at_hyphens(id, width), style="bold"), Padding(Text("\n".join(lines)), (0, 0, 1, 2))]
    return Group(*parts)


def _cells(finding: Finding) -> list[str]:
    from compare.claims.number_text import shown, times_rounding

    start, end = finding.case.experiment.initial, finding.trajectory.end
    trained, defaults = finding.case.experiment.trainable, Parameters._field_defaults

    def parameter(name: str) -> str:
        if name in trained:
            return shown(float(getattr(end, name)))
        held = getattr(start, name)
        return "" if held == defaults.get(name) else f"{shown(float(held))} (fixed)"

    certificate = finding.certificate
    difference = (
        "" if certificate is None else times_rounding(certificate.worst).removesuffix(" of what rounding allows")
    )
    return [
        finding.case.id,
        *(parameter(name) for name in Parameters._fields),
        shown(float(finding.expected_loss)),
        _agreement(finding),
        difference.removesuffix(" what rounding allows"),
    ]


def _agreement(finding: Finding) -> str:
    if finding.certificate is None:
        return "not compared"
    differ = finding.certificate.first_disagreement is not None
    return "agree" if finding.certificate.agrees else "DISAGREE" if differ else "NOT COMPARED"


def departures(findings: Sequence[Finding]) -> list[str]:
    """A line for each run whose optimizer is another formula in the subject's system than in Keras."""
    return [
        f"{finding.case.id}: agrees with {spelled(finding.certificate.experiment.optimizer)}, "
        f"and departs from Keras' formula: {finding.departure}"
        for finding in findings
        if finding.departure is not None and finding.certificate is not None and finding.certificate.agrees
    ]


def failures(findings: Sequence[Finding], verdicts: Sequence[Verdict]) -> list[str]:
    """A line for each contradiction, each expectation that is not met, and each certificate that does not agree."""
    contradictions = [(verdict, text) for verdict in verdicts for text in verdict.contradictions]
    unmet = [verdict for verdict in verdicts if verdict.as_expected is False]
    certified = [(finding.case.id, finding.certificate) for finding in findings if finding.certificate is not None]
    return [
        *(f"{verdict.claim.id}: WITNESSES CONTRADICT EACH OTHER: {text}" for verdict, text in contradictions),
        *(f"{v.claim.id}: expected {v.claim.expect}, is {v.verdict}: {v.why}" for v in unmet),
        *(f"{id}: {certificate.why_not}" for id, certificate in certified if not certificate.agrees),
    ]
