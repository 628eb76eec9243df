"""Output on the terminal, through rich."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from compare.system.streams import drawing_on, readable

__all__ = ["console", "progress_bar", "say", "stderr_held_back"]

WIDTH = 110  # of the table where there is no terminal to ask, and COLUMNS does not say


def say(text: object = "") -> None:
    """Print texts and rich renderables to standard output, on a terminal in its width."""
    console().print(readable(text) if isinstance(text, str) else _Readable(text), highlight=False, markup=False)


class _Readable:
    """A rich renderable with its text made `readable`; the control characters that rich adds stay."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from rich.segment import Segment

        for segment in console.render(self.inside, options):
            yield segment if segment.control else Segment(readable(segment.text), segment.style)


def console() -> Any:
    """A rich console on standard output, whose own control characters pass."""
    from rich.console import Console

    asked = sys.stdout.isatty() or os.environ.get("COLUMNS", "").lstrip("0").isdecimal()
    return Console(file=drawing_on(sys.stdout), width=None if asked else WIDTH)


@contextmanager
def progress_bar(
    text_format: str, first: str, total: int | None, *, timer: str | None = None
) -> Iterator[Callable[..., None]]:
    """Show a bar that goes away at the end; yields what changes its ``description``, ``completed`` and so on.

    It begins with the description `first`, shown as in "{task.description:24}"; a `timer`
    is a further column, by the name of rich's class.
    """
    from rich import progress

    columns = [progress.TextColumn(text_format, markup=False), progress.BarColumn(), progress.MofNCompleteColumn()]
    if timer is not None:
        columns.append(getattr(progress, timer)())
    # Nothing else prints meanwhile, so the streams need not be redirected.
    streams: dict[str, Any] = {"redirect_stdout": False, "redirect_stderr": False}
    with progress.Progress(*columns, console=console(), transient=True, **streams) as bar:
        task = bar.add_task(first, total=total)
        yield lambda **changes: bar.update(task, **changes)


@contextmanager
def stderr_held_back() -> Iterator[None]:
    """Discard what native libraries print to standard error while they are imported.

    TensorFlow greets every start with lines about processors and drivers, at a level
    below Python's streams and deaf to its own log level. Exceptions pass as usual.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
