"""Read regular files up to a size limit; write files whole or not at all."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from compare.system.staging import NEW, made_parents, staging

__all__ = ["kind_of", "read_bounded", "whole_file", "write_whole"]

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFREG: "a file",
}


def kind_of(mode: int) -> str:
    """What a file is, from its mode.

    Examples
    --------
    >>> kind_of(stat.S_IFIFO), kind_of(Path().stat().st_mode)
    ('a pipe', 'a folder')
    """
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def read_bounded(path: Path, most: int) -> bytes:
    """Read at most `most` bytes of a regular file, and one more if there are more.

    Nothing else is read: a pipe may never be written to, a device may never end. The
    ``strerror`` of an OSError says why a file is not read.
    """
    try:
        _require_regular(os.stat(path))
        # Not to wait, if it has become a pipe by now, or is a file of the kernel's that has nothing to say yet.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except ValueError:
        raise OSError(errno.EINVAL, "its name holds a character that no file name can") from None
    try:
        _require_regular(os.fstat(descriptor))
        parts, left = [], most + 1
        while left > 0 and (part := os.read(descriptor, min(left, 2**20))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _require_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, f"is {kind_of(found.st_mode)}, not a file")


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a binary file for writing that appears at `path` complete if no error occurs, and otherwise not at all.

    Missing folders are made; after an error they are gone again. OSError comes before the
    with block if nothing can be written there.
    """
    target = Path(os.path.realpath(path))  # a link stays one
    if target.is_symlink():
        raise OSError(errno.ELOOP, "is a link that leads nowhere")
    if target.exists():
        _require_regular(target.stat())
    with made_parents(target), staging(target) as folder:
        with (folder / NEW).open("wb") as file:
            yield file
        if target.exists():
            shutil.copymode(target, folder / NEW)
        (folder / NEW).replace(target)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that exists complete or not at all, whenever the process ends."""
    with whole_file(path) as file:
        file.write(content)
