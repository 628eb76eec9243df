"""What a person sees of the question's runs: progress while they run, then one table."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from compare.question.audit import Finding
from compare.system.console import ALONE, console
from reference import Parameters

__all__ = ["followed", "results_table"]


def followed(findings: Iterable[Finding], total: int, quiet: bool) -> Iterator[Finding]:
    """Pass findings on and show how far it is: a bar on a terminal, else a plain line each."""
    if quiet:
        yield from findings
    elif sys.stdout.isatty():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console(), transient=True, **ALONE) as progress:
            bar = progress.add_task("starting", total=total)
            for finding in findings:
                progress.update(bar, advance=1, description=finding.case.id)
                yield finding
    else:
        for number, finding in enumerate(findings, 1):
            print(f"[{number}/{total}] {finding.case.id}: {_verdict(finding)}", flush=True)
            yield finding


def results_table(findings: list[Finding]) -> Any:
    """Experiment, end point, expected loss there, agreement, worst observed/bound."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("experiment", no_wrap=True)
    for heading in (*Parameters._fields, "expected\nloss there", "Keras and\nreference", "worst obs-\nerved/bound"):
        table.add_column(heading, justify="right", no_wrap=True)
    for finding in findings:
        certificate = finding.certificate
        table.add_row(
            finding.case.id,
            *_end_point(finding),
            f"{finding.expected_loss:.4g}",
            _verdict(finding),
            "" if certificate is None else f"{certificate.worst:.2g}",
        )
    return table


def _verdict(finding: Finding) -> str:
    if finding.certificate is None:
        return "not compared"
    differ = finding.certificate.first_disagreement is not None
    return "agree" if finding.certificate.agrees else "DISAGREE" if differ else "NOT COMPARED"


def _end_point(finding: Finding) -> list[str]:
    """The trained parameters at the end; those held fixed are left out."""
    end, trained = finding.trajectory.end, finding.case.experiment.trainable
    return [f"{getattr(end, name):.4g}" if name in trained else "" for name in Parameters._fields]
