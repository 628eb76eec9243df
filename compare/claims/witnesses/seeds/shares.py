"""Shares of starts and seeds, judged by their confidence intervals."""

import numpy as np

from compare.claims.findings import Finding
from compare.claims.number_text import shown
from compare.claims.values import Condition, ShareOf
from compare.claims.verdicts import Share
from compare.claims.witnesses.paths.answers import Answers
from compare.claims.witnesses.seeds.batch_streams import stream_of_each
from compare.claims.witnesses.seeds.confidence_intervals import Interval, grouped_interval, interval

__all__ = ["half_the_error", "judge_share", "within"]

ACROSS = "the interval of the share reaches across the limit: "
TOO_FEW = ACROSS + "more starts or runs are needed"
TOO_FEW_STREAMS = ACROSS + "the starts of a stream share its batches, and more streams are needed than are affordable"


def within(condition: Condition, shares: Interval) -> bool | None:
    """Whether every share of an interval meets a condition; None if only some do.

    Examples
    --------
    >>> half = Condition(near=0.5, within=0.1)
    >>> within(half, Interval(0.45, 0.55)), within(half, Interval(0.7, 0.8)), within(half, Interval(0.5, 0.7))
    (True, False, None)
    """
    # A condition is an interval itself, so that its ends decide, and its middle where it is inside.
    if condition.met(shares.low) and condition.met(shares.high):
        return True
    below, above, near, reach = condition
    ends = (None, None) if near is None or reach is None else (near - reach, near + reach)
    low = max(x for x in (above, ends[0], -np.inf) if x is not None)
    high = min(x for x in (below, ends[1], np.inf) if x is not None)
    return None if shares.low <= high and shares.high >= low else False


def judge_share(
    answers: Answers, share: ShareOf, streams: int | None = None, noiseless: tuple[Interval, str] | None = None
) -> Finding:
    """Judge a share by its interval.

    Members that cannot tell may count either way: the interval goes from where none of
    them meets the check to where all of them do.

    `streams` is the number of streams of batches to which the members were dealt in order; None if there are none, or
    if members are seeds. With as many as members these are independent, and Clopper and Pearson's interval is exact;
    with fewer it is `grouped_interval`. `noiseless` is the `interval_by_noise` of `half_the_error`, and in words what
    it rests on. What lies in both intervals is left, the error being divided between the two; where they have nothing
    in common its assumption is wrong, and it does not count.
    """
    met, counted, number = Share.of(answers.met, answers.resolved)
    says = f"{met:,} of {number:,} {'runs' if share.of == 'seeds' else share.of}"
    says += f" ({number - counted:,} cannot tell)" if counted < number else ""
    because = ""
    if streams is None or streams == number:
        if streams is not None:
            because = "; each start has batches of its own"
        low = interval(met, number, share.confidence).low
        ends = Interval(low, interval(met + number - counted, number, share.confidence).high)
    else:
        because = f"; the starts share {streams:,} streams of batches"
        stream = stream_of_each(number, streams)
        sizes = np.bincount(stream)
        least, most = (
            np.bincount(stream, weights=met) / sizes
            for met in (answers.met & answers.resolved, answers.met | ~answers.resolved)
        )
        if counted < number:
            noiseless = None  # which is about runs whose outcome can be told
        ends = grouped_interval(least, most, share.confidence if noiseless is None else half_the_error(share))
        if noiseless is not None and noiseless[0].low <= ends.high and noiseless[0].high >= ends.low:
            ends = Interval(max(ends.low, noiseless[0].low), min(ends.high, noiseless[0].high))
            because += f"; {noiseless[1]}"
    verdict = within(share.condition, ends)
    low_end, high_end = (shown(round(end, 4)) for end in ends)
    says += f", with {100 * share.confidence:.4g} % confidence a share of {low_end} to {high_end}{because}"
    too_few = TOO_FEW if streams in (None, number) else TOO_FEW_STREAMS
    reason = "" if verdict is not None else (too_few if counted == number else answers.reason)
    return Finding(verdict, met / number, says, reason, (met, counted, number))


def half_the_error(share: ShareOf) -> float:
    """The confidence that each of two intervals has to have, so that both cover at the share's."""
    return 1 - (1 - share.confidence) / 2
