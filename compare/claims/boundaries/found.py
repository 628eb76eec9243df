"""What a search for boundaries comes to."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from compare.claims.verdicts import Boundary

__all__ = ["Found", "all_found"]


class Found(NamedTuple):
    """What came of a search; what could not be told is of what is claimed."""

    boundaries: tuple[Boundary, ...] = ()
    remarks: tuple[str, ...] = ()  # what the expected dynamics says and no seed follows, how far was looked, ...
    untold: tuple[str, ...] = ()


def all_found(parts: Iterable[Found]) -> Found:
    """What several searches come to, in their order."""
    return Found(*(tuple(chain.from_iterable(each)) for each in zip(Found(), *parts, strict=True)))
