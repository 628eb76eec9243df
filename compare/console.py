"""What a person sees on the terminal: progress while it runs, then one table."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from compare.audit import Finding
from compare.terminal import drawing_on, readable
from reference import Parameters

__all__ = ["ALONE", "console", "followed", "results_table", "say", "stderr_held_back"]

ALONE: dict[str, Any] = {"redirect_stdout": False, "redirect_stderr": False}  # of a progress bar that nothing disturbs
WIDTH = 110  # of the table where there is no terminal to ask


def say(text: object = "") -> None:
    """Print to standard output, on a terminal in its width; what is not text is something of rich's."""
    console().print(readable(text) if isinstance(text, str) else _Readable(text), highlight=False, markup=False)


class _Readable:
    """Something of rich's, with the text in it made `readable`; what rich adds for the terminal stays."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from rich.segment import Segment

        for segment in console.render(self.inside, options):
            yield segment if segment.control else Segment(readable(segment.text), segment.style)


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


def console() -> Any:
    """A console of rich's on standard output, whose own control characters pass."""
    from rich.console import Console

    return Console(file=drawing_on(sys.stdout), width=None if sys.stdout.isatty() else WIDTH)


@contextmanager
def stderr_held_back() -> Iterator[None]:
    """Throw away what native libraries print to standard error while they are imported.

    TensorFlow greets every start with lines about processors and drivers, at a level
    below Python's streams and deaf to its own log level. Exceptions pass as usual.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
