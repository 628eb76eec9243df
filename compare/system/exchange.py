"""Exchange two folders, in one step where the system can."""

import ctypes
import errno
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["exchange"]

_HERE = -100  # AT_FDCWD of Linux: paths are relative to the working folder
_EXCHANGE = 2  # RENAME_EXCHANGE
_NOT_TO_BE_HAD = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


def exchange(new: Path, target: Path, aside: Path) -> None:
    """Make `target` what `new` is: in one step where the system can, after which `new` is the former target.

    Where it takes two steps, the former target is moved `aside`; if the second step fails,
    the first is taken back. Nothing has changed after an OSError.
    """
    if _in_one_step(new, target):
        return
    target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        with suppress(OSError):
            aside.rename(target)
        raise


def _in_one_step(one: Path, other: Path) -> bool:
    """Exchange two paths atomically; False where the system or the file system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    arguments = (_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    if rename(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_TO_BE_HAD:
        return False
    raise OSError(number, os.strerror(number), str(other))
