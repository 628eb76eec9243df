"""Verdicts as JUnit XML in a file: never over an input, nor over anything that is not such a file."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from compare.claims import Verdict
from compare.claims.telling.junit import to_junit
from compare.system.command_line import UsageError, reporting_unwritable
from compare.system.files import read_bounded, whole_file

__all__ = ["junit_writer", "require_apart"]

OWN_NAMES = ("report.html", "results.json", "environment.json", "figures", "trajectories", "defects.json")
LARGEST = 100_000_000  # bytes


def require_apart(out: Path, junit: Path | None, inputs: Sequence[Path]) -> None:
    """Raise UsageError if a file to be read, or the one for verdicts, is one that the audit in `out` writes."""
    for file in inputs:
        if _own_name(out, file) is not None:
            raise UsageError(f"--out {out}: {file} would be overwritten, which is to be read; name another folder")
        if junit is not None and _same(junit, file):
            raise UsageError(f"--junit {junit}: is {file}, which is to be read; name another file")
    if junit is not None and _inside(junit, out) is not None:
        raise UsageError(
            f"--junit {junit}: cannot be written: is the folder of --out {out}, or around it; name another file"
        )
    if junit is not None and (name := _own_name(out, junit)) is not None:
        raise UsageError(f"--junit {junit}: {name} in {out} is written otherwise; name another file")


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.realpath(one) == os.path.realpath(other) or one.samefile(other)
    except OSError:
        return False


def _own_name(out: Path, file: Path) -> str | None:
    """Name of the entry of the audit that a file is or lies in."""
    inside = _inside(out, file)
    return inside.parts[0] if inside is not None and inside.parts and inside.parts[0] in OWN_NAMES else None


def _inside(out: Path, file: Path) -> Path | None:
    """Where in the audit's folder a file is, if it is there."""
    try:
        target, path = Path(os.path.realpath(out)), Path(os.path.realpath(file))
    except OSError:  # a working folder that is gone, which whoever writes there will say
        return None
    return path.relative_to(target) if path.is_relative_to(target) else None


@contextmanager
def junit_writer(junit: Path | None, out: Path) -> Iterator[Callable[[Path, Sequence[Verdict]], object]]:
    """Give a function that writes verdicts; what it wrote is there, in one piece, after the with block.

    Parameters
    ----------
    junit : Path or None
        None if nothing is to be written.
    out : Path
        The audit's folder. A file inside it is written with all the rest, to the temporary
        folder that the function is called with.

    Raises
    ------
    UsageError
        Before the with block if the file cannot be written, or is something else.
    """
    if junit is None:
        yield lambda temporary, verdicts: None
        return
    _require_junit(junit)
    inside = _inside(out, junit)
    if inside is not None:
        yield lambda temporary, verdicts: _write(temporary / inside, verdicts)
        return
    with reporting_unwritable(f"--junit {junit}"), whole_file(junit) as file:
        yield lambda temporary, verdicts: file.write(to_junit(verdicts).encode("utf-8"))


def _write(path: Path, verdicts: Sequence[Verdict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_junit(verdicts).encode("utf-8"))


def _require_junit(junit: Path) -> None:
    allowed = "a new file or one of JUnit XML is allowed"
    if not os.path.lexists(junit) or (junit.is_symlink() and not junit.exists()):
        return
    try:
        content = read_bounded(junit, LARGEST)
    except OSError as error:
        raise UsageError(f"--junit {junit}: cannot be written: {error.strerror}; {allowed}") from None
    empty = not content and junit.suffix != ".toml"  # made beforehand, by mktemp say, and no claim file to be
    if not empty and b"<testsuite" not in content[:10_000]:
        raise UsageError(f"--junit {junit}: is a file of another kind; {allowed}")
