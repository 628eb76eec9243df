"""What the commands have in common: exit statuses, one line for a mistake, a quiet start of Keras."""

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from compare.system.signals import STOPPED, stoppable, stopped_by
from compare.system.terminal import one_line, safe_streams

__all__ = [
    "BAD_USAGE",
    "FOUND_WANTING",
    "GOOD",
    "NO_KERAS",
    "KerasMissing",
    "Parser",
    "UsageError",
    "integer",
    "no_such",
    "path",
    "say_wrong",
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
    """Argument errors are one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def status_of(name: str, command: Callable[[], int]) -> int:
    """Run a command; what stops it becomes one line on standard error and an exit status.

    Whatever is printed meanwhile is made harmless, and goes nowhere if there is no place for it.

    Parameters
    ----------
    name : str
        How the line begins.
    command : callable
        Returns the exit status when it comes to its end.

    Examples
    --------
    >>> status_of("compare.run", lambda: 0)
    0
    """
    with safe_streams(), stoppable():
        try:
            return command()
        except UsageError as error:
            say_wrong(*(f"{name}: {message}" for message in error.args))
            return BAD_USAGE
        except KerasMissing as error:
            say_wrong(f"{name}: {error}")
            return NO_KERAS
        except STOPPED as error:
            said, status = stopped_by(error)
            say_wrong(f"{name}: {said}")
            return status


def say_wrong(*messages: str) -> None:
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


def no_such(what: str, wanted: str, names: Sequence[str]) -> str:
    """What to say about a name that does not exist.

    Examples
    --------
    >>> no_such("id", "lekay", ["relu", "leaky"])
    "there is no such id; did you mean 'leaky'?"
    """
    near = difflib.get_close_matches(wanted[:100], names, n=1)
    return f"there is no such {what}; {f'did you mean {near[0]!r}?' if near else '--list shows what there is'}"


def start_keras(instead: str = "") -> None:
    """Import Keras and its backend, which takes seconds, without what they print to standard error.

    Parameters
    ----------
    instead : str
        What else the user can do, for the message.

    Raises
    ------
    KerasMissing
        Whatever a missing or broken installation raises.
    """
    from compare.system.console import stderr_held_back

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only
    try:
        with stderr_held_back():
            import keras_impl  # noqa: F401  what follows finds it imported
            from keras_impl.settings import start_backend

            start_backend()
    except Exception as error:  # whatever a broken installation raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        backend = os.environ.get("KERAS_BACKEND")
        if backend not in (None, "", "tensorflow"):
            remedy = f"the environment has KERAS_BACKEND={backend}, and tensorflow is allowed; unset it"
        else:
            remedy = "pip install tensorflow keras"
        raise KerasMissing(f"Keras is needed and cannot be imported ({reason}); {remedy}{instead}") from None
