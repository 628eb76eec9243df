"""One witness's judgement of one check, in a form that all kinds of checks share."""

from typing import NamedTuple

__all__ = ["Finding", "same"]


class Finding(NamedTuple):
    """One witness's judgement of one check."""

    met: bool | None  # None if the witness cannot tell
    number: float | None = None  # the one that decides
    says: str = ""  # it in words, with a place or a step where that helps
    reason: str = ""  # why the witness cannot tell, where it cannot
    share: tuple[int, int, int] | None = None  # seeds or starts: for how many it holds, of how many that tell, of all


def same(value: object, wanted: object) -> bool:
    """Equality in which True is not 1.

    Examples
    --------
    >>> same(0.0, 0), same(True, 1)
    (True, False)
    """
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted
