"""Sweeps: ``python -m compare.sweep``."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from compare.command_line import BAD_USAGE, GOOD, INTERRUPTED, Parser, UsageError, integer, no_such, status_of
from compare.sweep.flags import add_flags, with_flags

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
        from compare.sweep.table import listing

        print(listing(), flush=True)
        return GOOD
    sweep = _sweep(options)
    if sweep is None:
        return BAD_USAGE
    folder = Path("sweeps") / sweep.name if options.out is None else options.out
    try:
        with _following(options.quiet) as follow:
            from compare.sweep.running import run_sweep

            result = run_sweep(
                sweep, workers=options.workers, scheduler=options.scheduler, folder=folder, follow=follow
            )
        _write(result, folder, arguments, options)
    except KeyboardInterrupt:
        print(_left(folder, sweep), file=sys.stderr)
        return INTERRUPTED
    return GOOD


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m compare.sweep",
        description="Train a neuron from many starts, with many settings, and say what became of each.",
        epilog="exit status: 0 done; 2 bad usage or bad input; 130 interrupted, what was finished is kept",
        allow_abbrev=False,
    )
    parser.add_argument("sweep", nargs="?", metavar="SWEEP", help="a file, or the name of one of --list")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of this sweep (sweeps/NAME)")
    parser.add_argument("--workers", type=integer(1), default=1, metavar="N", help="processes (1)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that does the work")
    parser.add_argument("--no-picture", action="store_true", help="draw nothing")
    parser.add_argument("--list", action="store_true", help="list the sweeps that come with the package, and stop")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    add_flags(parser)
    return parser.parse_args(arguments)


def _sweep(options: argparse.Namespace) -> "Sweep | None":
    """The sweep that is asked for; None if there are mistakes, which have been printed."""
    from compare.sweep.load import SweepError, build_sweep, read_document, shipped_sweeps

    document, where = None, "flags"
    try:
        if options.sweep is not None:
            names = shipped_sweeps()
            if options.sweep not in names and "." not in options.sweep and not Path(options.sweep).exists():
                raise UsageError(f"{options.sweep}: {no_such('sweep', options.sweep, list(names))}")
            document, where = read_document(options.sweep)
        return build_sweep(with_flags(document, options), where)
    except SweepError as error:
        for line in error.lines:
            print(f"compare.sweep: {line}", file=sys.stderr)
        return None


@contextmanager
def _following(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """On a terminal, a bar that shows how many neurons are done."""
    if quiet or not sys.stdout.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("neurons"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        bar = progress.add_task("", total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _write(result: "SweepResult", folder: Path, arguments: list[str], options: argparse.Namespace) -> None:
    from compare.console import say
    from compare.output import environment, write_json
    from compare.sweep.table import explained, rich_table
    from compare.sweep.writing import write_result

    written = write_result(result, folder)
    if not options.no_picture:
        from compare.sweep.picture import draw_sweep

        picture = draw_sweep(result, folder / "sweep.png")
        written += [picture] if picture else []
        if picture is None and not options.quiet:
            print("no picture: there is no setting to draw along, or there are too many panels")
    experiment = result.sweep.experiment
    write_json(
        folder / "environment.json",
        environment(arguments, seed=experiment.seed, dtype=experiment.dtype, keras=False),
    )
    if not options.quiet:
        print(explained(result))
        say(rich_table(result))
        for path in written:
            print(f"Written: {path}")


def _left(folder: Path, sweep: "Sweep") -> str:
    """What an interrupted run leaves."""
    from compare.sweep.chunks import chunks_of
    from compare.sweep.store import Store

    store = Store(folder, sweep)
    chunks = chunks_of(sweep)
    kept = sum(store.path(chunk).exists() for chunk in chunks)
    return (
        f"compare.sweep: interrupted; {kept} of {len(chunks)} chunks are in {folder}, "
        "and the same command goes on from there"
    )


if __name__ == "__main__":
    sys.exit(main())
