"""Result of a search for boundaries."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from compare.claims.verdicts import Boundary

__all__ = ["SearchResult", "merged_results"]


class SearchResult(NamedTuple):
    """Boundaries that a search found; remarks on it; and, within a claimed range, what could not be told."""

    boundaries: tuple[Boundary, ...] = ()
    remarks: tuple[str, ...] = ()  # flips of the expected dynamics that no seed shows, how far was searched, ...
    untold: tuple[str, ...] = ()


def merged_results(parts: Iterable[SearchResult]) -> SearchResult:
    """Results of several searches as one, in their order."""
    return SearchResult(*(tuple(chain.from_iterable(each)) for each in zip(SearchResult(), *parts, strict=True)))
