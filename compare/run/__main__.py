"""The main job: ``python -m compare.run``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compare.question.experiments import SETTINGS, Case, shipped
from compare.run import claim_files
from compare.system.command_line import (
    FOUND_WANTING,
    GOOD,
    Parser,
    UsageError,
    integer,
    no_such,
    path,
    say_wrong,
    start_keras,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compare.claims import Claim, SharedRuns, Verdict
    from compare.figures import Picture
    from compare.question.audit import Finding
    from keras_impl import Recorder

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Certify the source's runs, judge claims, draw the pictures, write the report.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0 the witnesses agree and every claim was judged, 1 they do not, or a
        claim's ``expect`` was not met, 2 bad usage or input, 3 no Keras.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    return status_of("compare.run", lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    options = _parse(arguments)
    cases, claims = _chosen(options)
    return _list(cases, claims) if options.list else _run(options, cases, claims, arguments)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m compare.run",
        description="Certify Keras against the NumPy reference on the question's runs, judge claims, write the report.",
        epilog="exit status: 0 the witnesses agree and every claim was judged; 1 they do not, or a claim's "
        "expect was not met; 2 bad usage or bad input; 3 Keras cannot be imported",
        allow_abbrev=False,
    )
    parser.add_argument(
        "files", nargs="*", type=path, metavar="FILE.toml", help="claim files to judge, instead of what ships"
    )
    parser.add_argument("--out", type=path, default=Path("audit"), metavar="DIR", help="folder to write (audit)")
    parser.add_argument("--only", metavar="ID", help="run only this one (see --list)")
    parser.add_argument("--explain", metavar="ID", help="run only this claim, and tell its story")
    parser.add_argument("--junit", type=path, metavar="FILE", help="write the verdicts as JUnit XML too")
    parser.add_argument("--seed", type=integer(0), default=0, metavar="N", help="seed of the batches (0)")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="of everything (float32)")
    parser.add_argument("--no-keras", action="store_true", help="exact and reference only; certifies nothing")
    parser.add_argument("--no-figures", action="store_true", help="draw no pictures")
    parser.add_argument("--list", action="store_true", help="list what there is to run, and stop")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> "tuple[list[Case], list[Claim]]":
    """What to run: the files that are named, or else what ships; of that, what --only or --explain asks for."""
    cases = [] if options.files else list(shipped(seed=options.seed, dtype=options.dtype))
    files = options.files or claim_files.shipped_files()
    claims: list[Claim] = []
    if files:
        from compare.claims import ClaimFileError

        try:
            claims = list(claim_files.read(files, seed=options.seed, dtype=options.dtype))
        except ClaimFileError as error:
            raise UsageError(*error.lines) from None
    if options.explain is not None:
        cases = []
    wanted = options.only if options.explain is None else options.explain
    if wanted is None:
        return cases, claims
    ids = [*(case.id for case in cases), *(claim.id for claim in claims)]
    if wanted not in ids:
        flag = "--only" if options.explain is None else "--explain"
        raise UsageError(f"{flag} {wanted}: {no_such('id', wanted, ids)}")
    return [case for case in cases if case.id == wanted], [claim for claim in claims if claim.id == wanted]


def _list(cases: list[Case], claims: "list[Claim]") -> int:
    for setting, title in SETTINGS.items():
        ids = [case.id for case in cases if case.setting == setting]
        if ids:
            print(f"{title}\n" + "\n".join(f"    {id}" for id in ids))
    for claim in claims:
        print(f"{claim.id}\n    {claim.says}")
    return GOOD


def _run(options: argparse.Namespace, cases: list[Case], claims: "list[Claim]", arguments: list[str]) -> int:
    from compare.claims import SharedRuns
    from compare.question.audit import audit
    from compare.run.junit_file import junit_file, require_apart
    from compare.run.on_terminal import followed
    from compare.system.folders import folder

    require_apart(options.out, options.junit, options.files or claim_files.shipped_files())
    with junit_file(options.junit, options.out) as junit, folder(options.out) as temporary:
        recorder = None if options.no_keras else _keras_recorder()
        findings = list(followed(audit(cases, recorder), len(cases), options.quiet))
        shared = SharedRuns(recorder)
        verdicts = claim_files.judged(claims, shared, options.quiet)
        pictures = [] if options.no_figures else _draw(temporary / "figures", options, findings, verdicts, shared)
        claim_files.write_junit(junit, temporary, verdicts)
        _write(temporary, options, findings, verdicts, pictures, shared, arguments)
    if not options.quiet:
        _show(options, findings, verdicts)
    failures = claim_files.failures(verdicts)
    for finding in findings:
        if finding.certificate is not None and not finding.certificate.agrees:
            failures.append(f"{finding.case.id}: {finding.certificate.why_not}")
    say_wrong(*failures)
    return FOUND_WANTING if failures else GOOD


def _show(options: argparse.Namespace, findings: "Sequence[Finding]", verdicts: "Sequence[Verdict]") -> None:
    from compare.run.on_terminal import results_table
    from compare.system.console import say

    if findings:
        say(results_table(list(findings)))
    if verdicts:
        from compare.claims.telling.explain import explain
        from compare.claims.telling.table import numbers_table, verdicts_table

        if options.explain is None:
            say(verdicts_table(verdicts))
        else:
            say(explain(verdicts[0]))
            say(numbers_table(verdicts[0]))
    say(f"Report: {options.out / 'report.html'}")


def _keras_recorder() -> "Recorder":
    start_keras(instead=", or use --no-keras")
    import keras_impl

    return keras_impl.Recorder()


def _draw(
    folder: Path,
    options: argparse.Namespace,
    findings: "list[Finding]",
    verdicts: "list[Verdict]",
    shared: "SharedRuns",
) -> "list[Picture]":
    """The source's pictures, or those of the claims that were asked for."""
    folder.mkdir()
    pictures: list[Picture] = []
    if findings:
        from compare.figures import draw_all

        pictures = draw_all({finding.case.id: finding.trajectory for finding in findings}, folder)
        if options.only is None:
            from compare.figures.gallery.studies import draw_studies

            pictures += draw_studies(folder, seed=options.seed, dtype=options.dtype)
    if options.files or options.explain is not None or options.only is not None:
        pictures += claim_files.draw(verdicts, shared, folder)
    return pictures


def _write(
    temporary: Path,
    options: argparse.Namespace,
    findings: "list[Finding]",
    verdicts: "list[Verdict]",
    pictures: "list[Picture]",
    shared: "SharedRuns",
    arguments: list[str],
) -> None:
    from compare.claims.telling.results import to_json
    from compare.report import kill_table, render
    from compare.run.findings import experiment_entry, write_trajectory
    from compare.system.folders import ENVIRONMENT, sealed
    from compare.system.output import environment, write_json, write_page

    (temporary / "trajectories").mkdir()
    for finding in findings:
        write_trajectory(temporary / "trajectories" / f"{finding.case.id}.csv", finding.trajectory)
    experiments = [*map(experiment_entry, findings), *claim_files.experiment_entries(verdicts)]
    results = {"schema": 1, "claims": [to_json(verdict) for verdict in verdicts], "experiments": experiments}
    provenance = environment(arguments, seed=options.seed, dtype=options.dtype, keras=not options.no_keras)
    write_json(temporary / "results.json", results)
    page = render(findings, verdicts, pictures, provenance, shared=shared, defects=kill_table(options.out))
    write_page(temporary / "report.html", page)
    write_json(temporary / ENVIRONMENT, sealed(provenance, temporary))


if __name__ == "__main__":
    sys.exit(main())
