"""Sweeps: ``python -m compare.sweep``."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from compare.sweep.reading.flags import add_flags, with_flags
from compare.system.command_line import (
    GOOD,
    Parser,
    UsageError,
    integer,
    path,
    reporting_unwritable,
    require_known,
    run_command,
)
from compare.system.signals import STOPPED

if TYPE_CHECKING:
    from compare.sweep import Sweep, SweepResult

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Train every neuron of a sweep, and write where each went, with a picture; returns the exit status."""
    return run_command(_parser(), _main, arguments)


def _parser() -> Parser:
    parser = Parser(
        "compare.sweep",
        "Train a neuron from many starts, with many settings, and say what became of each.",
        "0 done; 2 bad usage or bad input; 130 interrupted, what was finished is kept",
    )
    parser.add_argument("sweep", nargs="?", metavar="SWEEP", help="a file, or the name of one of --list")
    parser.add_argument("--out", type=path, metavar="DIR", help="folder of this sweep (sweeps/NAME)")
    parser.add_argument("--workers", type=integer(1), default=1, metavar="N", help="processes (1)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that does the work")
    parser.add_argument("--no-picture", action="store_true", help="draw nothing")
    parser.add_list_and_quiet("the sweeps that come with the package")
    add_flags(parser)
    return parser


def _main(options: argparse.Namespace) -> int:
    if options.list:
        from compare.sweep.telling.table import listing

        print(listing(), flush=True)
        return GOOD
    sweep = _sweep(options)
    folder = Path("sweeps") / sweep.name if options.out is None else options.out
    try:
        with _following(options.quiet) as follow:
            from compare.sweep.running import run_sweep

            result = run_sweep(
                sweep, workers=options.workers, scheduler=options.scheduler, folder=folder, follow=follow
            )
        _write(result, folder, options)
    except STOPPED as error:
        error.add_note(_what_is_left(folder, sweep))
        raise
    return GOOD


def _sweep(options: argparse.Namespace) -> "Sweep":
    """The sweep that is asked for."""
    from compare.sweep.reading.load import SweepError, build_sweep, read_document, shipped_sweeps

    document, where = None, "flags"
    try:
        if options.sweep is not None:
            if "." not in options.sweep and not os.path.lexists(options.sweep):
                require_known(options.sweep, "sweep", options.sweep, list(shipped_sweeps()))
            document, where = read_document(options.sweep)
        elif not options.grid and not options.random:
            raise UsageError(
                "nothing to sweep over; name a file or one of --list, or give --grid or --random, "
                "such as --grid initial.w=-3:3:64"
            )
        return build_sweep(with_flags(document, options), where)
    except SweepError as error:
        raise UsageError(*error.lines) from None


@contextmanager
def _following(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """On a terminal, a bar that shows how many neurons are done."""
    if quiet or not sys.stdout.isatty():
        yield lambda done, total: None
        return
    from compare.system.console import progress_bar

    with progress_bar("neurons", "", None, timer="TimeElapsedColumn") as update:
        yield lambda done, total: update(completed=done, total=total)


def _write(result: "SweepResult", folder: Path, options: argparse.Namespace) -> None:
    """Write the files, environment.json last, and print what became of the neurons."""
    from compare.sweep.telling.table import explained, rich_table
    from compare.sweep.telling.writing import write_result
    from compare.system.console import say
    from compare.system.files import write_whole
    from compare.system.folders import ENVIRONMENT, SWEEP
    from compare.system.output import as_json, environment

    experiment = result.sweep.experiment
    provenance = environment(
        options.arguments, seed=experiment.seed, dtype=experiment.dtype, keras=False, written_by=SWEEP
    )
    with reporting_unwritable(folder):
        written = write_result(result, folder)
        if not options.no_picture:
            picture = _draw(result, folder / "sweep.png")
            written += [picture] if picture else []
            if picture is None and not options.quiet:
                print("no picture: there is no setting that can be drawn along, or there are too many panels")
        write_whole(folder / ENVIRONMENT, as_json(provenance))
    if not options.quiet:
        print(explained(result))
        say(rich_table(result))
        for file in written:
            print(f"Written: {file}")


def _draw(result: "SweepResult", file: Path) -> Path | None:
    """The picture, if there is one to be drawn; the file appears when it is complete."""
    from compare.sweep.telling.picture import draw_sweep
    from compare.system.staging import NEW, staging

    with staging(file) as place:
        (place / NEW).mkdir()
        drawn = draw_sweep(result, place / NEW / file.name)
        return None if drawn is None else drawn.replace(file)


def _what_is_left(folder: Path, sweep: "Sweep") -> str:
    """What an interrupted run leaves."""
    from compare.sweep.chunks import chunks_of
    from compare.sweep.store import CHUNKS

    total = len(chunks_of(sweep))
    kept = len(list((folder / CHUNKS).glob("*.chunk")))
    return f"{kept} of {total} chunks are in {folder}, and the same command goes on from there"


if __name__ == "__main__":
    sys.exit(main())
