"""Which runs and claims a command line asks for."""

import argparse
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from compare.claims import Claim, ClaimFileError, load_claims
from compare.question.experiments import SETTINGS, Case, shipped
from compare.system.command_line import UsageError, require_known
from reference import Experiment

__all__ = ["list_selected", "read_claims", "selected", "shipped_files"]


def selected(options: argparse.Namespace) -> tuple[list[Case], list[Claim]]:
    """What to run: the files that are named, or else what ships; of that, what --only or --explain asks for."""
    cases = [] if options.files else list(shipped(seed=options.seed, dtype=options.dtype))
    try:
        claims = read_claims(options.files or shipped_files(), seed=options.seed, dtype=options.dtype)
    except ClaimFileError as error:
        raise UsageError(*error.lines) from None
    flag, wanted = "--only", options.only
    if options.explain is not None:
        flag, wanted, cases = "--explain", options.explain, []
    if wanted is None:
        return cases, claims
    ids = [*(case.id for case in cases), *(claim.id for claim in claims)]
    require_known(f"{flag} {wanted}", "id", wanted, ids)
    return [case for case in cases if case.id == wanted], [claim for claim in claims if claim.id == wanted]


def shipped_files() -> tuple[Path, ...]:
    """The claim files that come with the package.

    Examples
    --------
    >>> all(path.suffix == ".toml" for path in shipped_files())
    True
    """
    folder = Path(str(resources.files("compare.claims").joinpath("shipped")))
    return tuple(sorted(folder.glob("*.toml"), reverse=True))  # source before field


def read_claims(files: Sequence[Path], *, seed: int, dtype: str) -> list[Claim]:
    """Read the claims of several files, whose ids must differ; ClaimFileError has the mistakes of all files.

    Experiments that name no seed or dtype have those given here.
    """
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
    return claims


def list_selected(cases: Sequence[Case], claims: Sequence[Claim]) -> None:
    """Print the ids of runs, setting by setting, and of claims with what they say."""
    for setting, title in SETTINGS.items():
        ids = [case.id for case in cases if case.setting == setting]
        if ids:
            print(f"{title}\n" + "\n".join(f"    {id}" for id in ids))
    for claim in claims:
        print(f"{claim.id}\n    {claim.says}")
