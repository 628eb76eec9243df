"""An audit's folder: whose it is, and how a new one takes its place, whole or not at all.

A folder is an audit's if its `environment.json` says who wrote it. The new folder is made
ready beside the old one, with everything that the old one holds and did not write itself;
then the two change places in one step. Where the system cannot do that, there are two
steps, between which a killed process leaves a state that the next one mends.
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
    """What a JSON file holds that says that `AUDIT` or `SWEEP` wrote it; None if it does not say so."""
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
    """Give a temporary folder to write to, which takes the place of `wanted` if all went well.

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
    """The folder around, if it is that which cannot be written: the new one is made ready there."""
    around = wanted.parent if wanted.name else wanted / ".."
    return f", nor anything in {around}" if around.is_dir() and not os.access(around, os.W_OK) else ""


def _require_replaceable(wanted: Path, target: Path, staged: Path) -> None:
    """Raise OutputError if an existing folder, or anything in it that is to go, could not be moved away."""
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
    """Where file systems are mounted, as far as the system tells; bind mounts too."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return []
    fields = (line.split()[4] for line in lines)
    return [Path(os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda at: bytes([int(at[1], 8)]), field))) for field in fields]


def _below(folder: Path) -> Iterator[Path]:
    """The folder and everything in it that is no link."""
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
    """What an earlier audit says it wrote; it goes when another takes its place."""
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
    """Mode, times and, where that is allowed, owner."""
    found = old.stat()
    with suppress(OSError):
        os.chown(new, found.st_uid, found.st_gid)
    shutil.copystat(old, new)


def _working_folder_in(target: Path) -> Path | None:
    """Where in the folder this process works, if it does; a relative path would lead nowhere afterwards."""
    try:
        here = Path.cwd()
    except OSError:
        return None
    return here.relative_to(target) if here.is_relative_to(target) else None


def _carry_over(old: Path, new: Path, written: set[str], inside: str) -> None:
    """Put what the old folder holds into the new one, save what it wrote itself and what the new one has too."""
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
    """Move what came into the old folder while the new one was taking its place."""
    for entry in old.iterdir():
        if entry.name not in seen and not os.path.lexists(target / entry.name):
            with suppress(OSError):
                entry.rename(target / entry.name)


def with_files(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The record of an audit with the names of the files in its folder, which it wrote, itself included."""
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return {**record, "files": sorted({*files, ENVIRONMENT})}
