"""Standard output and error as the commands use them: printing cannot fail, nor upset a terminal.

What is printed may hold text from files, names of files and arguments. Control characters
in it, by which a terminal could be made to do or show anything, come out as escapes that
can be read. A stream that is closed, full, or left by its reader takes nothing any more,
and the command goes on: its report is in a folder, and what it found in its exit status.
"""

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from typing import IO

__all__ = ["SafeStream", "drawing_on", "one_line", "readable", "safe_streams"]

# Control characters but for line feed and tab, marks that turn the direction of text, invisible
# ones, separators of lines that are not lines here, and halves of characters.
_UPSETTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LONGEST_WORD, _LONGEST_LINE = 200, 2000


def readable(text: str) -> str:
    r"""Text that can be printed: whatever a terminal would act upon is escaped.

    Examples
    --------
    >>> print(readable("a\x1b[31mb\u202e"))
    a\x1b[31mb\u202e
    """
    return _UPSETTING.sub(_escaped, text)


def one_line(text: str) -> str:
    r"""The same as one line of a sensible length: ends of lines are escaped, what is very long is cut.

    Examples
    --------
    >>> print(one_line("a\nb"), len(one_line("7" * 5000)))
    a\nb 200
    """
    line = re.sub(r"[\n\t]", _escaped, readable(text))
    line = re.sub(rf"\S{{{_LONGEST_WORD + 1},}}", lambda word: _cut(word[0], _LONGEST_WORD), line)
    return _cut(line, _LONGEST_LINE)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _cut(text: str, most: int) -> str:
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[: most - 3 - half]}...{text[-half:]}"


class SafeStream(io.TextIOBase):
    """A stream that takes any text, and after the first failure nothing; None is one that was closed at the start.

    What is written passes as it is if it is our own drawing on a terminal, else `readable`.
    """

    def __init__(self, stream: IO[str] | None, *, drawing: bool = False) -> None:
        self.stream = stream
        self.drawing = drawing

    @property
    def encoding(self) -> str:  # type: ignore[override]  # there it is an attribute
        """Encoding of the stream."""
        return getattr(self.stream, "encoding", None) or "utf-8"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return self.stream is not None and self.stream.isatty()
        return False

    def fileno(self) -> int:
        if self.stream is None:
            raise io.UnsupportedOperation("fileno")
        return self.stream.fileno()

    def write(self, text: str) -> int:
        if self.stream is not None:
            shown = text if self.drawing else readable(text)
            shown = shown.encode(self.encoding, "backslashreplace").decode(self.encoding)
            try:
                self.stream.write(shown)
            except (OSError, ValueError):
                self._give_up(self.stream)
        return len(text)

    def flush(self) -> None:
        if self.stream is not None:
            try:
                self.stream.flush()
            except (OSError, ValueError):
                self._give_up(self.stream)

    def _give_up(self, stream: IO[str]) -> None:
        """Discard all further output, also what the interpreter flushes when it ends."""
        self.stream = None
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, stream.fileno())
            finally:
                os.close(nowhere)


def drawing_on(stream: IO[str]) -> IO[str]:
    """The stream for what draws on a terminal by control characters of its own, such as a progress bar."""
    return SafeStream(stream.stream, drawing=True) if isinstance(stream, SafeStream) else stream  # type: ignore[return-value]


@contextlib.contextmanager
def safe_streams() -> Iterator[None]:
    """Replace both standard streams by a `SafeStream` inside the with block."""
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = SafeStream(before[0]), SafeStream(before[1])
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def _open_what_is_closed() -> None:
    """Open standard streams that are closed, lest a file opened later get the number of one that others write to."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free
