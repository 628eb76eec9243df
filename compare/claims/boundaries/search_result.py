"""What a search for boundaries comes to."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from compare.claims.verdicts import Boundary

__all__ = ["SearchResult", "merged_results"]


class SearchResult(NamedTuple):
    """What came of a search; what could not be told is of what is claimed."""

    boundaries: tuple[Boundary, ...] = ()
    remarks: tuple[str, ...] = ()  # what the expected dynamics says and no seed follows, how far was looked, ...
    untold: tuple[str, ...] = ()


def merged_results(parts: Iterable[SearchResult]) -> SearchResult:
    """What several searches come to, in their order."""
    return SearchResult(*(tuple(chain.from_iterable(each)) for each in zip(SearchResult(), *parts, strict=True)))
