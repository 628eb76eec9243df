"""Folders beside a target where it is made ready, and what processes that were killed left of them.

Such a folder has a name of ours, and in it a file that says whose it is; a process holds a
lock on that file as long as it lives. A folder whose lock is free is a leftover.
"""

import importlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from compare.system.signals import signals_deferred

# Windows has no such locks; leftovers then stay.
fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None

__all__ = ["NEW", "OLD", "made_parents", "remove_leftovers", "staging"]

NEW, OLD = "new", "old"  # inside such a folder: what is being made, and what was there before
_OWNER = "neuron-audit.json"
_NAME = re.compile(r"\.neuron-audit-[0-9a-f]{16}")


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A locked folder beside `target`, gone at the end; leftovers of killed processes go at the beginning.

    It is empty but for the file that says whose it is. OSError comes if nothing can be
    written beside the target.
    """
    remove_leftovers(target.parent)
    staged = target.parent / f".neuron-audit-{secrets.token_hex(8)}"
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
    """Make the folder and lock it; the descriptor is the lock, and -1 if another took the folder for a leftover."""
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
    """Take the lock of a file, if it is free; where files cannot be locked nobody can take it."""
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
    """Remove what killed processes of ours left in a folder, which need not exist, and nothing else.

    A leftover that holds the earlier state of a target which is missing gives it back first.
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
    """Remove such a folder; the file that says whose it is goes last, for those who find it half removed."""
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
    """Make the folders that `target` is to be in; after an error those that were missing are gone again."""
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()
        raise
