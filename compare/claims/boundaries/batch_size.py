"""Where a claim flips when the batch size is changed: only the reference's seeds can tell."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from compare.claims.boundaries.search_result import SearchResult
from compare.claims.boundaries.seeds_by_setting import RequestsByValue, outcome_changes, shares_by_value
from compare.claims.check_text import shown
from compare.claims.values import Vary
from compare.claims.verdicts import Boundary
from compare.claims.witnesses.paths.statements import RunCheck
from compare.claims.witnesses.shared_runs import SharedRuns
from reference import Experiment

__all__ = ["batch_sizes", "flip_along_batch_sizes"]


def batch_sizes(vary: Vary, stated: int) -> list[float]:
    """Powers of two in the range, its ends, and the stated size."""
    powers = {2.0**k for k in range(21) if vary.low <= 2**k <= vary.high}
    return sorted(powers | {float(int(vary.low)), float(int(vary.high)), float(stated)})


def flip_along_batch_sizes(
    by_size: RequestsByValue, checks: Sequence[RunCheck], experiment: Experiment, vary: Vary, shared: SharedRuns
) -> SearchResult:
    """The smallest change of the batch size after which not all seeds hold the claim any more, or all do.

    A size at which some seeds cannot tell, while the claim holds for all others, says
    nothing: those that can tell are not a random sample.
    """
    shares = shares_by_value(by_size, vary.setting, checks, experiment, shared)
    silent = [size for size, share in shares.items() if share.all_hold is None]
    remark = f"it could not be told at batch_size = {', '.join(map(shown, silent))}"
    untold = (remark,) if silent and vary.claimed else ()
    changes, stated = outcome_changes(shares), float(experiment.batch_size)
    if not changes:
        return SearchResult(untold=untold)
    low, high = min(changes, key=lambda pair: abs(np.log((pair[0] + pair[1]) / 2 / stated)))
    boundary = Boundary(
        setting=vary.setting,
        value=high,
        below=shares[low].all_hold is True,
        above=shares[high].all_hold is True,
        bracket=(low, high),
        stated=stated,
        range=(vary.low, vary.high),
        claimed=vary.claimed,
        reference=MappingProxyType({size: share[:2] for size, share in shares.items()}),
        confirmed=True,
        found_by="reference",
    )
    return SearchResult((boundary,), untold=untold)
