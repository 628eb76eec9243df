"""The folder of an audit: which folders are ours, and how a new one replaces an old one, whole or not at all.

A folder is an audit's if its `environment.json` says so. The new folder is built beside the
old one, with all files of the old one that the audit did not write; then the two are
exchanged in one step. Where the system cannot do that, there are two steps, between which a
killed process leaves a state that the next one repairs.
"""

import errno
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from compare.system.command_line import UsageError
from compare.system.exchange import exchange
from compare.system.files import kind_of, read_bounded
from compare.system.signals import STOPPED, signals_deferred
from compare.system.staging import NEW, OLD, made_parents, remove_leftovers, staging

__all__ = ["AUDIT", "ENVIRONMENT", "SWEEP", "OutputError", "folder", "own_record", "require_usable", "with_files"]

ENVIRONMENT = "environment.json"  # what every audit has, and by which one is known again
AUDIT, SWEEP = "neuron-audit", "neuron-audit sweep"  # what it then says under "written_by"
LARGEST_RECORD = 10_000_000  # bytes
ALLOWED = "a new folder, an empty one, or one written by this command is allowed"


class OutputError(UsageError):
    """The folder cannot be used; the message is for the user."""


def own_record(file: Path, written_by: str) -> dict[str, Any] | None:
    """The content of a JSON file that names `AUDIT` or `SWEEP` as its writer; None if it does not."""
    try:
        record = json.loads(read_bounded(file, LARGEST_RECORD))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("written_by") == written_by else None


def require_usable(wanted: Path) -> None:
    """Raise OutputError unless a folder does not exist, is empty, or holds an audit of ours."""
    try:
        if Path(os.path.realpath(wanted)).is_symlink():
            raise OutputError(f"--out {wanted}: is a link that leads nowhere; {ALLOWED}")
        if not wanted.exists():
            return
        if not wanted.is_dir():
            raise OutputError(f"--out {wanted}: is {kind_of(wanted.stat().st_mode)}; {ALLOWED}")
        if any(wanted.iterdir()) and own_record(wanted / ENVIRONMENT, AUDIT) is None:
            raise OutputError(
                f"--out {wanted}: holds other files, and no {ENVIRONMENT} that says it is an audit; {ALLOWED}"
            )
    except (OSError, ValueError) as error:
        raise OutputError(f"--out {wanted}: cannot be read: {getattr(error, 'strerror', error)}") from None


@contextmanager
def folder(wanted: Path) -> Iterator[Path]:
    """Give a temporary folder to write to, which replaces `wanted` at the end unless there was an error.

    That folder does not exist, is empty, or holds an earlier audit, of which everything
    stays that it did not write itself and that is not written now. OutputError comes before
    anything is written if it is something else, or cannot be replaced or written; at the
    end if it has become so.
    """
    moved = False
    try:
        target = Path(os.path.realpath(wanted))  # a link to a folder stays one
        remove_leftovers(target.parent)  # which may give an earlier audit back
        require_usable(wanted)
        with made_parents(target), staging(target) as staged:
            _require_replaceable(wanted, target, staged)
            (staged / NEW).mkdir()
            yield staged / NEW
            with signals_deferred():
                _put_in_place(wanted, target, staged)
                moved = True
    except OSError as error:
        raise OutputError(f"--out {wanted}: cannot be written{_beside(wanted)}: {error.strerror or error}") from None
    except STOPPED as error:
        error.add_note(f"{wanted} is written" if moved else "nothing was written")
        raise


def _beside(wanted: Path) -> str:
    """Words for an error message if the parent folder, in which the new folder is built, cannot be written either."""
    around = wanted.parent if wanted.name else wanted / ".."
    return f", nor anything in {around}" if around.is_dir() and not os.access(around, os.W_OK) else ""


def _require_replaceable(wanted: Path, target: Path, staged: Path) -> None:
    """Raise OutputError if an existing folder, or anything in it that is to be removed, could not be moved."""
    if not target.is_dir():
        return
    for mounted in _mount_points():
        if mounted.is_relative_to(target):
            there = wanted / mounted.relative_to(target)
            raise OutputError(
                f"--out {wanted}: {there} is a mount point, which cannot be replaced; "
                "name a folder inside it, or another one"
            )
    try:
        target.rename(staged)  # refused, since that is not empty: the question is, for which reason
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise OutputError(f"--out {wanted}: cannot be replaced: {error.strerror}") from None
    written = _written(target)
    for path in _below(target):
        if not os.access(path, os.W_OK) and (path.relative_to(target).as_posix() in written or _is_immovable(path)):
            raise OutputError(
                f"--out {wanted}: {wanted / path.relative_to(target)} is write-protected; "
                "a folder that can be replaced is allowed"
            )


def _mount_points() -> list[Path]:
    """Mount points, bind mounts included; none where the system does not list them."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return []
    fields = (line.split()[4] for line in lines)
    return [Path(os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda at: bytes([int(at[1], 8)]), field))) for field in fields]


def _below(folder: Path) -> Iterator[Path]:
    """The folder and everything in it except links."""
    yield folder
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            yield from _below(entry)
        elif not entry.is_symlink():
            yield entry


def _is_immovable(path: Path) -> bool:
    """Whether something that cannot be written could not be moved or removed either."""
    mode = path.stat().st_mode
    return stat.S_ISDIR(mode) or bool(mode & stat.S_IWUSR) or getattr(os, "geteuid", lambda: 1)() == 0


def _written(target: Path) -> set[str]:
    """Names of the files that an earlier audit wrote, which are removed when another replaces it."""
    record = own_record(target / ENVIRONMENT, AUDIT) or {}
    files = record.get("files")
    return {str(name) for name in files} if isinstance(files, list) else set()


def _put_in_place(wanted: Path, target: Path, staged: Path) -> None:
    inside = _working_folder_in(target)
    while not _moved(wanted, target, staged / NEW, staged / OLD):
        pass  # another process was first: once more, with what that one wrote
    if inside is not None:
        with suppress(OSError):
            os.chdir(target / inside)


def _moved(wanted: Path, target: Path, new: Path, aside: Path) -> bool:
    require_usable(wanted)
    is_there = target.is_dir()
    seen = {entry.name for entry in target.iterdir()} if is_there else set()
    if is_there:
        _carry_over(target, new, _written(target), "")
        _make_alike(target, new)
    try:
        new.rename(target)  # onto nothing, or onto an empty folder
        return True
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    if is_there:
        exchange(new, target, aside)
        _bring_late(new if new.exists() else aside, target, seen)
    return is_there


def _make_alike(old: Path, new: Path) -> None:
    """Copy mode, times and, where that is allowed, owner."""
    found = old.stat()
    with suppress(OSError):
        os.chown(new, found.st_uid, found.st_gid)
    shutil.copystat(old, new)


def _working_folder_in(target: Path) -> Path | None:
    """Working directory of this process relative to the folder, if within it: relative paths would break afterwards."""
    try:
        here = Path.cwd()
    except OSError:
        return None
    return here.relative_to(target) if here.is_relative_to(target) else None


def _carry_over(old: Path, new: Path, written: set[str], inside: str) -> None:
    """Link or copy from the old folder into the new one what the audit did not write and the new one does not have."""
    for entry in sorted(old.iterdir()):
        name, there = inside + entry.name, new / entry.name
        if name in written:
            continue
        if entry.is_dir() and not entry.is_symlink():
            if os.path.lexists(there) and not there.is_dir():
                raise OutputError(f"--out: {entry} is a folder, where a file is to be written")
            gone = any(one.startswith(f"{name}/") for one in written)
            there.mkdir(exist_ok=True)
            _carry_over(entry, there, written, f"{name}/")
            if gone and not any(there.iterdir()):
                there.rmdir()
            else:
                _make_alike(entry, there)
        elif not os.path.lexists(there):
            try:
                os.link(entry, there, follow_symlinks=False)
            except OSError:  # not on every file system
                shutil.copy2(entry, there, follow_symlinks=False)
        elif there.is_dir():
            raise OutputError(f"--out: {entry} is {kind_of(entry.lstat().st_mode)}, where a folder is to be written")


def _bring_late(old: Path, target: Path, seen: set[str]) -> None:
    """Move files that appeared in the old folder while it was being replaced."""
    for entry in old.iterdir():
        if entry.name not in seen and not os.path.lexists(target / entry.name):
            with suppress(OSError):
                entry.rename(target / entry.name)


def with_files(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The record of an audit with the names of all files in its folder, the record included."""
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return {**record, "files": sorted({*files, ENVIRONMENT})}
