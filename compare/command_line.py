"""What the commands have in common: exit statuses, one line for a mistake, a quiet start of Keras."""

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

__all__ = [
    "BAD_USAGE",
    "CUT_OFF",
    "FOUND_WANTING",
    "GOOD",
    "INTERRUPTED",
    "NO_KERAS",
    "KerasMissing",
    "Parser",
    "UsageError",
    "integer",
    "no_such",
    "start_keras",
    "status_of",
]

GOOD, FOUND_WANTING, BAD_USAGE, NO_KERAS, INTERRUPTED, CUT_OFF = 0, 1, 2, 3, 130, 141


class UsageError(Exception):
    """A mistake of the user's; the message says what, where and what is allowed."""


class KerasMissing(Exception):
    """Keras is needed and cannot be imported; the message says why."""


class Parser(argparse.ArgumentParser):
    """Argument errors are one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def status_of(name: str, command: Callable[[], int]) -> int:
    """Run a command; what stops it becomes one line on standard error and an exit status.

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
    try:
        return command()
    except UsageError as error:
        return _stop(name, error, BAD_USAGE)
    except KerasMissing as error:
        return _stop(name, error, NO_KERAS)
    except KeyboardInterrupt:
        return _stop(name, "interrupted; nothing was written", INTERRUPTED)
    except BrokenPipeError:  # whoever read the output, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF


def _stop(name: str, message: object, status: int) -> int:
    print(f"{name}: {message}", file=sys.stderr)
    return status


def integer(at_least: int) -> Callable[[str], int]:
    """Type of an argument: an integer from `at_least`, which is 0 or more.

    Examples
    --------
    >>> integer(1)("2")
    2
    """

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < at_least:
            raise argparse.ArgumentTypeError(f"must be an integer of at least {at_least}, got {text!r}")
        return int(text)

    return read


def no_such(what: str, wanted: str, names: Sequence[str]) -> str:
    """What to say about a name that does not exist.

    Examples
    --------
    >>> no_such("id", "lekay", ["relu", "leaky"])
    "there is no such id; did you mean 'leaky'?"
    """
    near = difflib.get_close_matches(wanted, names, n=1)
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
    from compare.console import stderr_held_back

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only
    try:
        with stderr_held_back():
            import keras_impl  # noqa: F401  what follows finds it imported
            from keras_impl.settings import start_backend

            start_backend()
    except Exception as error:  # whatever a broken installation raises
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise KerasMissing(
            f"Keras is needed and cannot be imported ({reason[0]}); pip install tensorflow keras{instead}"
        ) from None
