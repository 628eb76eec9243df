"""What the commands have in common: exit statuses, one line for a mistake, a quiet start of Keras."""

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from compare.system.signals import STOPPED, stoppable, stopped_by
from compare.system.streams import one_line, safe_streams

__all__ = [
    "BAD_USAGE",
    "FOUND_WANTING",
    "GOOD",
    "NO_KERAS",
    "KerasMissing",
    "Parser",
    "UsageError",
    "expect_keras",
    "integer",
    "path",
    "print_errors",
    "reporting_unwritable",
    "require_known",
    "run_command",
    "start_keras",
    "status_of",
]

GOOD, FOUND_WANTING, BAD_USAGE, NO_KERAS = 0, 1, 2, 3

LONGEST_INTEGER = 1000  # digits


class UsageError(Exception):
    """Mistakes of the user's; each message says what, where and what is allowed."""


class KerasMissing(Exception):
    """Keras is needed and cannot be imported; the message says why."""


class Parser(argparse.ArgumentParser):
    """The parser of ``python -m name``; argument errors are one line, without the usage before it."""

    def __init__(self, name: str, description: str, exit_status: str) -> None:
        super().__init__(
            prog=f"python -m {name}", description=description, epilog=f"exit status: {exit_status}", allow_abbrev=False
        )
        self.name = name

    def add_list_and_quiet(self, listed: str) -> None:
        """Add the two flags that every command has."""
        self.add_argument("--list", action="store_true", help=f"list {listed}, and stop")
        self.add_argument("--quiet", action="store_true", help="print nothing but errors")

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def run_command(
    parser: Parser, command: Callable[[argparse.Namespace], int], arguments: Sequence[str] | None = None
) -> int:
    """Parse arguments, by default the process', and run what takes the options; `status_of` gives the exit status.

    The options hold the arguments as they were given too, under the name of ``arguments``.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    return status_of(parser.name, lambda: command(parser.parse_args(given, argparse.Namespace(arguments=given))))


def status_of(name: str, command: Callable[[], int]) -> int:
    """Run a command; what stops it becomes one line on standard error, beginning with `name`, and an exit status.

    Whatever is printed meanwhile is made harmless, and goes nowhere if there is no place for it.

    Examples
    --------
    >>> status_of("compare.run", lambda: 0)
    0
    """
    with safe_streams(), stoppable():
        try:
            return command()
        except UsageError as error:
            print_errors(*(f"{name}: {message}" for message in error.args))
            return BAD_USAGE
        except KerasMissing as error:
            print_errors(f"{name}: {error}")
            return NO_KERAS
        except STOPPED as error:
            reason, status = stopped_by(error)
            print_errors(f"{name}: {reason}")
            return status


def print_errors(*messages: str) -> None:
    """Print to standard error, each message as one line of a sensible length."""
    for message in messages:
        print(one_line(message), file=sys.stderr)


def integer(at_least: int) -> Callable[[str], int]:
    """Type of an argument: an integer from `at_least`, which is 0 or more.

    Examples
    --------
    >>> integer(1)("2")
    2
    """

    def read(text: str) -> int:
        digits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_INTEGER
        if not digits or int(text) < at_least:
            most = f" and at most {LONGEST_INTEGER} digits" if len(text) > LONGEST_INTEGER else ""
            raise argparse.ArgumentTypeError(f"must be an integer of at least {at_least}{most}, got {text[:40]!r}")
        return int(text)

    return read


def path(text: str) -> Path:
    """Type of an argument: a path, which no empty text is.

    Examples
    --------
    >>> path("audit").name
    'audit'
    """
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("must be a path, which is not empty")
    return Path(text)


def require_known(given: str, kind: str, name: str, names: Sequence[str]) -> None:
    """Raise UsageError unless a name exists; the message begins with what was given, and ends with the nearest name.

    Examples
    --------
    >>> require_known("--only lekay", "id", "lekay", ["relu", "leaky"])
    Traceback (most recent call last):
        ...
    compare.system.command_line.UsageError: --only lekay: there is no such id; did you mean 'leaky'?
    """
    if name not in names:
        near = difflib.get_close_matches(name[:100], names, n=1)
        advice = f"did you mean {near[0]!r}?" if near else "--list shows what there is"
        raise UsageError(f"{given}: there is no such {kind}; {advice}")


@contextmanager
def reporting_unwritable(place: object) -> Iterator[None]:
    """Turn an OSError into a UsageError that says which place cannot be written, and why.

    Examples
    --------
    >>> with reporting_unwritable("--junit a.xml"):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
        ...
    compare.system.command_line.UsageError: --junit a.xml: cannot be written: No space left on device
    """
    try:
        yield
    except OSError as error:
        raise UsageError(f"{place}: cannot be written: {error.strerror or error}") from None


def expect_keras() -> None:
    """Let TensorFlow print errors only once it starts, in this process or in one that is started by it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def start_keras(instead: str = "") -> None:
    """Import Keras and its backend, which takes seconds, without what they print to standard error.

    Whatever a missing or broken installation raises becomes `KerasMissing`, which tells
    what to do, or `instead`.
    """
    from compare.system.console import stderr_held_back

    expect_keras()
    try:
        with stderr_held_back():
            import keras_impl  # noqa: F401  what follows finds it imported
            from keras_impl.settings import start_backend

            start_backend()
    except Exception as error:  # whatever a broken installation raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if not isinstance(error, ImportError):  # which says itself what to do: see keras_impl.backends
            reason = f"its installation is broken ({reason}); pip install tensorflow keras"
        raise KerasMissing(f"Keras is needed and cannot be imported: {reason}{instead}") from None
