"""What a search for boundaries comes to."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from compare.claims.verdicts import Boundary

__all__ = ["Found", "all_found"]


class Found(NamedTuple):
    """What came of a search.

    Parameters
    ----------
    boundaries : tuple of Boundary
    remarks : tuple of str
        What the expected dynamics says and no seed follows, how far batches were looked
        at, and the like.
    untold : tuple of str
        Of what is claimed: what could not be told.
    """

    boundaries: tuple[Boundary, ...] = ()
    remarks: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


def all_found(parts: Iterable[Found]) -> Found:
    """What several searches come to, in their order."""
    return Found(*(tuple(chain.from_iterable(each)) for each in zip(Found(), *parts, strict=True)))
