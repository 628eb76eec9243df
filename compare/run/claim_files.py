"""Claim files on the command line: which are read, judged, shown and written.

`compare.run` calls in here for everything about claims; what a claim is and how it is
judged is the business of `compare.claims`.
"""

import sys
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from reference import Experiment

if TYPE_CHECKING:
    from compare.claims import Claim, SharedRuns, Verdict
    from compare.figures import Picture

__all__ = ["draw", "experiment_entries", "failures", "judged", "read", "shipped_files", "write_junit"]

MOST_PICTURES = 12


def shipped_files() -> tuple[Path, ...]:
    """The claim files that come with the package.

    Examples
    --------
    >>> all(path.suffix == ".toml" for path in shipped_files())
    True
    """
    folder = Path(str(resources.files("compare.claims").joinpath("shipped")))
    return tuple(sorted(folder.glob("*.toml"), reverse=True))  # source before field


def read(files: Sequence[Path], *, seed: int, dtype: str) -> "tuple[Claim, ...]":
    """Read the claims of several files, whose ids must differ.

    Parameters
    ----------
    files : sequence of Path
    seed : int
        Of experiments that name none.
    dtype : str
        Likewise.

    Raises
    ------
    compare.claims.ClaimFileError
        With the mistakes of all files.
    """
    from compare.claims import ClaimFileError, load_claims

    claims: list[Claim] = []
    lines: list[str] = []
    for file in files:
        try:
            claims += load_claims(file, defaults=Experiment(seed=seed, dtype=dtype))
        except ClaimFileError as error:
            lines += error.lines
    seen: dict[str, str] = {}
    for claim in claims:
        if claim.id in seen:
            lines.append(f'{claim.file}: {claim.id}: id = "{claim.id}": is in {seen[claim.id]} already')
        seen.setdefault(claim.id, claim.file)
    if lines:
        raise ClaimFileError(tuple(lines))
    return tuple(claims)


def judged(claims: "Sequence[Claim]", shared: "SharedRuns", quiet: bool) -> "list[Verdict]":
    """Judge claims and show how far it is."""
    from compare.claims import judge_all

    return list(_followed(judge_all(claims, shared), len(claims), quiet))


def draw(verdicts: "Sequence[Verdict]", shared: "SharedRuns", folder: Path) -> "list[Picture]":
    """Draw the claims that are about runs, the first few of them."""
    from compare.claims.telling.picture import draw_claim

    pictures = (draw_claim(verdict, shared, folder) for verdict in verdicts)
    return list(islice((picture for picture in pictures if picture is not None), MOST_PICTURES))


def _followed(verdicts: "Iterator[Verdict]", total: int, quiet: bool) -> "Iterator[Verdict]":
    """Pass verdicts on and show how far it is: a bar on a terminal, else a plain line each."""
    if quiet or total == 0:
        yield from verdicts
    elif sys.stdout.isatty():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        from compare.system.console import ALONE, console

        columns = (TextColumn("{task.description:32.32}", markup=False), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console(), transient=True, **ALONE) as progress:
            bar = progress.add_task("running what claims need", total=total)
            for verdict in verdicts:
                progress.update(bar, advance=1, description=verdict.claim.id)
                yield verdict
    else:
        if total > 1:
            print(f"judging {total} claims", flush=True)  # the first of them takes the longest
        for number, verdict in enumerate(verdicts, 1):
            print(f"[{number}/{total}] {verdict.claim.id}: {verdict.verdict}", flush=True)
            yield verdict


def failures(verdicts: "Sequence[Verdict]") -> list[str]:
    """A line for each contradiction between witnesses, and for each expectation that is not met."""
    lines = [f"{v.claim.id}: WITNESSES CONTRADICT EACH OTHER: {text}" for v in verdicts for text in v.contradictions]
    return lines + [
        f"{v.claim.id}: expected {v.claim.expect}, is {v.verdict}: {v.why}" for v in verdicts if v.as_expected is False
    ]


def write_junit(place: "IO[bytes] | Path | None", folder: Path, verdicts: "Sequence[Verdict]") -> None:
    """Write the verdicts as JUnit XML.

    Parameters
    ----------
    place : binary file, Path or None
        As `compare.run.junit_file.junit_file` gives it.
    folder : Path
        That a path is relative to.
    verdicts : sequence of Verdict

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if place is None:
        return
    from compare.claims.telling.junit import to_junit

    text = to_junit(verdicts).encode("utf-8")
    if isinstance(place, Path):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(text)
    else:
        place.write(text)


def experiment_entries(verdicts: "Sequence[Verdict]") -> list[dict[str, Any]]:
    """Entries of "experiments" in results.json for the runs of claims."""
    entries = []
    for verdict in verdicts:
        keras = verdict.witnesses["keras"]
        if keras is not None and keras.certified is not None:
            word, worst = keras.certified
            entries.append({"id": verdict.claim.id, "agrees": word == "agrees", "worst": worst})
    return entries
