"""Where a claim flips when the batch size is changed: only the reference's seeds can tell."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from compare.claims.boundaries.seeds_by_setting import share_of, statement_at
from compare.claims.check_text import shown
from compare.claims.reading.experiments import changed
from compare.claims.values import Vary
from compare.claims.verdicts import Boundary
from compare.claims.witnesses.paths.statements import RunCheck, experiments_of
from compare.claims.witnesses.seeds.many_runs import Request
from compare.claims.witnesses.shared_runs import SEEDS, SharedRuns
from reference import Experiment

__all__ = ["along_batch_sizes", "requests_by_size"]

BySize = tuple[tuple[int, tuple[Request, ...]], ...]


def requests_by_size(checks: Sequence[RunCheck], experiment: Experiment, sizes: Iterable[int]) -> BySize:
    """The runs that each batch size takes."""
    return tuple(
        (
            size,
            tuple(Request(run, SEEDS) for run in experiments_of(checks, changed(experiment, "batch_size", size))),
        )
        for size in sizes
    )


def along_batch_sizes(
    by_size: BySize, checks: Sequence[RunCheck], experiment: Experiment, vary: Vary, shared: SharedRuns
) -> tuple[Boundary | None, str]:
    """The smallest change of the batch size after which not all seeds hold the claim any more, or all do.

    Seeds that cannot tell are no survivors to judge by: a size at which some cannot, while
    the others hold the claim, says nothing.

    Returns
    -------
    tuple of Boundary or None, and str
        What could not be told.
    """
    shares: dict[float, tuple[int, int]] = {}
    always: dict[float, bool] = {}
    silent: list[float] = []
    for size, requests in by_size:
        met, told, seeds = share_of(statement_at(checks, experiment, "batch_size", size, requests, shared))
        shares[float(size)] = met, told
        if met < told or met == seeds:
            always[float(size)] = met == seeds
        else:
            silent.append(float(size))
    untold = f"it could not be told at batch_size = {', '.join(map(shown, silent))}" if silent else ""
    sizes, stated = sorted(always), float(experiment.batch_size)
    pairs = [(a, b) for a, b in pairwise(sizes) if always[a] != always[b]]
    if not pairs:
        return None, untold
    low, high = min(pairs, key=lambda pair: abs(np.log((pair[0] + pair[1]) / 2 / stated)))
    return Boundary(
        setting="batch_size",
        value=high,
        below=always[low],
        above=always[high],
        bracket=(low, high),
        stated=stated,
        range=(vary.low, vary.high),
        claimed=vary.claimed,
        reference=MappingProxyType(shares),
        confirmed=True,
        found_by="reference",
    ), untold
