"""Sweeps: ``python -m compare.sweep``."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from compare.sweep.reading.flags import add_flags, with_flags
from compare.system.command_line import GOOD, Parser, UsageError, integer, no_such, path, status_of
from compare.system.signals import STOPPED

if TYPE_CHECKING:
    from compare.sweep import Sweep, SweepResult

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Train every neuron of a sweep, and write where each went, with a picture.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0 done, whatever became of the neurons, 2 bad usage or bad input,
        130 interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    return status_of("compare.sweep", lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    options = _parse(arguments)
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
        _write(result, folder, arguments, options)
    except STOPPED as error:
        error.add_note(_left(folder, sweep))
        raise
    return GOOD


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m compare.sweep",
        description="Train a neuron from many starts, with many settings, and say what became of each.",
        epilog="exit status: 0 done; 2 bad usage or bad input; 130 interrupted, what was finished is kept",
        allow_abbrev=False,
    )
    parser.add_argument("sweep", nargs="?", metavar="SWEEP", help="a file, or the name of one of --list")
    parser.add_argument("--out", type=path, metavar="DIR", help="folder of this sweep (sweeps/NAME)")
    parser.add_argument("--workers", type=integer(1), default=1, metavar="N", help="processes (1)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that does the work")
    parser.add_argument("--no-picture", action="store_true", help="draw nothing")
    parser.add_argument("--list", action="store_true", help="list the sweeps that come with the package, and stop")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    add_flags(parser)
    return parser.parse_args(arguments)


def _sweep(options: argparse.Namespace) -> "Sweep":
    """The sweep that is asked for."""
    from compare.sweep.reading.load import SweepError, build_sweep, read_document, shipped_sweeps

    document, where = None, "flags"
    try:
        if options.sweep is not None:
            names = shipped_sweeps()
            if options.sweep not in names and "." not in options.sweep and not os.path.lexists(options.sweep):
                raise UsageError(f"{options.sweep}: {no_such('sweep', options.sweep, list(names))}")
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


def _write(result: "SweepResult", folder: Path, arguments: list[str], options: argparse.Namespace) -> None:
    from compare.sweep.store import write_whole
    from compare.sweep.telling.table import explained, rich_table
    from compare.sweep.telling.writing import write_result
    from compare.system.console import say
    from compare.system.folders import ENVIRONMENT, SWEEP
    from compare.system.output import as_json, environment

    experiment = result.sweep.experiment
    seed, dtype = experiment.seed, experiment.dtype
    provenance = as_json(environment(arguments, seed=seed, dtype=dtype, keras=False, written_by=SWEEP))
    written = write_result(result, folder)
    try:
        if not options.no_picture:
            picture = _picture(result, folder / "sweep.png")
            written += [picture] if picture else []
            if picture is None and not options.quiet:
                print("no picture: there is no setting that can be drawn along, or there are too many panels")
        write_whole(folder / ENVIRONMENT, provenance)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror or error}") from None
    if not options.quiet:
        print(explained(result))
        say(rich_table(result))
        for path in written:
            print(f"Written: {path}")


def _picture(result: "SweepResult", file: Path) -> Path | None:
    """The picture, if there is one to be drawn; the file appears when it is complete."""
    from compare.sweep.telling.picture import draw_sweep
    from compare.system.staging import NEW, staging

    with staging(file) as place:
        (place / NEW).mkdir()
        drawn = draw_sweep(result, place / NEW / file.name)
        return None if drawn is None else drawn.replace(file)


def _left(folder: Path, sweep: "Sweep") -> str:
    """What an interrupted run leaves."""
    from compare.sweep.chunks import chunks_of
    from compare.sweep.store import CHUNKS

    total = len(chunks_of(sweep))
    kept = len(list((folder / CHUNKS).glob("*.chunk")))
    return f"{kept} of {total} chunks are in {folder}, and the same command goes on from there"


if __name__ == "__main__":
    sys.exit(main())
