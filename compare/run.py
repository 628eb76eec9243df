"""The main job: ``python -m compare.run``."""

import argparse
import difflib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from compare.experiments import SETTINGS, Case, shipped

if TYPE_CHECKING:
    from compare.audit import Finding
    from compare.figures import Picture
    from keras_impl import Recorder

__all__ = ["main"]

AGREE, DISAGREE, BAD_USAGE, NO_KERAS, INTERRUPTED = 0, 1, 2, 3, 130


class UsageError(Exception):
    """A mistake of the user's; the message is one line."""


class KerasMissing(Exception):
    """Keras is needed and cannot be imported; the message says why."""


class _Parser(argparse.ArgumentParser):
    """Argument errors are one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(arguments: list[str] | None = None) -> int:
    """Certify the source's runs, draw the pictures, write the report.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0 the witnesses agree, 1 they do not, 2 bad usage, 3 no Keras.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = _parse(arguments)
        cases = _chosen(options)
        if options.list:
            return _list(cases)
        return _run(options, cases, arguments)
    except UsageError as error:
        return _stop(error, BAD_USAGE)
    except KerasMissing as error:
        return _stop(error, NO_KERAS)
    except KeyboardInterrupt:
        return _stop("interrupted; nothing was written", INTERRUPTED)


def _stop(message: object, status: int) -> int:
    print(f"compare.run: {message}", file=sys.stderr)
    return status


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m compare.run",
        description="Certify Keras against the NumPy reference on the question's runs, and write the report.",
        epilog="exit status: 0 the witnesses agree; 1 they do not; 2 bad usage; 3 Keras cannot be imported",
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=Path, default=Path("audit"), metavar="DIR", help="folder to write (audit)")
    parser.add_argument("--only", metavar="ID", help="run only this one (see --list)")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="seed of the batches (0)")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="of everything (float32)")
    parser.add_argument("--no-keras", action="store_true", help="exact and reference only; certifies nothing")
    parser.add_argument("--no-figures", action="store_true", help="draw no pictures")
    parser.add_argument("--list", action="store_true", help="list what there is to run, and stop")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser.parse_args(arguments)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be an integer of at least 0, got {text!r}")
    return int(text)


def _chosen(options: argparse.Namespace) -> list[Case]:
    cases = shipped(seed=options.seed, dtype=options.dtype)
    if options.only is None:
        return list(cases)
    chosen = [case for case in cases if case.id == options.only]
    if not chosen:
        near = difflib.get_close_matches(options.only, [case.id for case in cases], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "--list shows what there is"
        raise UsageError(f"--only {options.only}: there is no such id; {hint}")
    return chosen


def _list(cases: list[Case]) -> int:
    for setting, title in SETTINGS.items():
        ids = [case.id for case in cases if case.setting == setting]
        if ids:
            print(f"{title}\n" + "\n".join(f"    {id}" for id in ids))
    return AGREE


def _run(options: argparse.Namespace, cases: list[Case], arguments: list[str]) -> int:
    from compare.audit import audit
    from compare.console import followed, results_table, say
    from compare.output import OutputError, folder

    try:
        with folder(options.out) as temporary:
            recorder = None if options.no_keras else _keras_recorder()
            findings = list(followed(audit(cases, recorder), len(cases), options.quiet))
            _write(temporary, options, findings, arguments)
    except OutputError as error:
        raise UsageError(error) from None
    if not options.quiet:
        say(results_table(findings))
        say(f"Report: {options.out / 'report.html'}")
    disagreeing = [f for f in findings if f.certificate is not None and not f.certificate.agrees]
    for finding in disagreeing:
        assert finding.certificate is not None
        print(f"{finding.case.id}: {finding.certificate.first_disagreement}", file=sys.stderr)
    return DISAGREE if disagreeing else AGREE


def _keras_recorder() -> "Recorder":
    """Import Keras, which takes seconds and is loud."""
    from compare.console import stderr_held_back

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only
    try:
        with stderr_held_back():
            import keras_impl
            from keras_impl.settings import start_backend

            start_backend()
    except Exception as error:  # whatever a broken installation raises
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise KerasMissing(
            f"Keras is needed and cannot be imported ({reason[0]}); pip install tensorflow keras, or use --no-keras"
        ) from None
    return keras_impl.Recorder()


def _write(temporary: Path, options: argparse.Namespace, findings: "list[Finding]", arguments: list[str]) -> None:
    from compare.output import environment, experiment_entry, write_json, write_trajectory
    from compare.report import render

    (temporary / "trajectories").mkdir()
    for finding in findings:
        write_trajectory(temporary / "trajectories" / f"{finding.case.id}.csv", finding.trajectory)
    pictures: list[Picture] = []
    if not options.no_figures:
        from compare.figures import draw_all

        (temporary / "figures").mkdir()
        pictures = draw_all({finding.case.id: finding.trajectory for finding in findings}, temporary / "figures")
    results = {"schema": 1, "claims": [], "experiments": [experiment_entry(finding) for finding in findings]}
    provenance = environment(arguments, seed=options.seed, dtype=options.dtype, keras=not options.no_keras)
    write_json(temporary / "results.json", results)
    write_json(temporary / "environment.json", provenance)
    (temporary / "report.html").write_text(render(findings, pictures, provenance), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
