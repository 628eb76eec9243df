"""Temporary sibling directories in which an output is built before the atomic rename, and cleanup of leftovers.

Such a directory has a random name with our prefix, and in it a file that names its target.
The process that builds in it holds a lock on that file as long as it lives: a directory
whose lock is free was left by a process that was killed.
"""

import importlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from compare.system.signals import signals_deferred

# Windows has no such locks; leftovers then stay.
fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None

__all__ = ["NEW", "OLD", "made_parents", "remove_leftovers", "staging"]

NEW, OLD = "new", "old"  # inside such a folder: the output that is being built, and the one that it replaces
_OWNER = "neuron-audit.json"
_NAME = re.compile(r"\.neuron-audit-[0-9a-f]{16}")


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A locked folder beside `target`, gone at the end; leftovers of killed processes go at the beginning.

    It is empty except for the file that names its target. Raises OSError if nothing can be
    written beside the target.
    """
    remove_leftovers(target.parent)
    staged = target.parent / f".neuron-audit-{os.urandom(8).hex()}"
    lock = -1
    try:
        with signals_deferred():
            while lock < 0:
                lock = _claimed(staged, target.name)
        yield staged
    finally:
        with signals_deferred():
            _remove(staged)
            if lock >= 0:
                os.close(lock)


def _claimed(staged: Path, name: str) -> int:
    """Make the folder and return the descriptor of its lock; -1 if another process removed it as a leftover."""
    staged.mkdir(mode=0o700, exist_ok=True)
    try:
        lock = os.open(staged / _OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileNotFoundError:
        return -1
    if not _locked(lock):
        os.close(lock)
        _remove(staged)
        return -1
    os.write(lock, json.dumps({"written_by": "neuron-audit", "for": name}).encode())
    return lock


def _locked(descriptor: int) -> bool:
    """Take the lock of a file if it is free; true where files cannot be locked."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def remove_leftovers(folder: Path) -> None:
    """Remove the staging folders that killed processes left in a folder, which need not exist.

    If one holds the earlier output of a target that is missing, that is put back first.
    """
    with suppress(OSError):
        for staged in sorted(folder.iterdir()):
            if _NAME.fullmatch(staged.name):
                _remove_leftover(staged)


def _remove_leftover(staged: Path) -> None:
    with suppress(OSError):
        staged.rmdir()  # killed before it said whose it is
        return
    with suppress(OSError, ValueError, TypeError, KeyError):
        if fcntl is None or staged.is_symlink() or staged.lstat().st_uid != os.geteuid():
            return
        lock = os.open(staged / _OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            content = os.read(lock, 10_000)
            if content:
                found = json.loads(content)
                if found["written_by"] != "neuron-audit":
                    return
                target = staged.parent / Path(found["for"]).name
                if (staged / OLD).exists() and not os.path.lexists(target):
                    (staged / OLD).rename(target)
            elif {entry.name for entry in staged.iterdir()} != {_OWNER}:
                return
            _remove(staged)
        finally:
            os.close(lock)


def _remove(staged: Path) -> None:
    """Remove a staging folder, its owner file last, so that one half removed is still known as a leftover."""
    with suppress(OSError):
        for entry in staged.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != _OWNER:
                entry.unlink()
        if [entry.name for entry in staged.iterdir()] in ([], [_OWNER]):  # else the next one tries again
            (staged / _OWNER).unlink(missing_ok=True)
            staged.rmdir()


@contextmanager
def made_parents(target: Path) -> Iterator[None]:
    """Make the parent folders of `target`; after an error, remove those that were missing."""
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()
        raise
