"""What the numbers are worth: counts of outcomes written down by hand, and limits by hand algebra."""

from fractions import Fraction
from math import comb

import pytest

from compare.defects.counts import Control, Counts, by_subject, upper_limit
from compare.defects.defects_json import entry
from compare.defects.detection.conventional_tests import USUAL_TESTS
from compare.defects.detection.default_certificate import ByDefault
from compare.defects.detection.lanes import LANES, Sighting
from compare.defects.gallery import Outcome, named
from compare.defects.summary import controls_summary, summary

NOTHING = dict.fromkeys(USUAL_TESTS, False)


def outcome(name, *, lane=None, killed=False, usual=NOTHING, usual_as_run=NOTHING):
    lanes = dict.fromkeys(LANES)
    if lane:
        lanes[lane] = Sighting(lane, "ordinary", 3, "w", 8.0)
    found = ByDefault(True, "lockstep", 2, "w") if killed else ByDefault(False)
    return Outcome(name, lanes, found, usual, usual_as_run)


OUTCOMES = (
    outcome("gradient-uphill", lane="bound", killed=True, usual=NOTHING | {"final weight": True}),  # plausible
    outcome("gradient-summed", lane="bound"),  # reported
    outcome("seed-ignored", killed=True, usual_as_run=NOTHING | {"whole path": True}),  # reported; missed first
    outcome("labels-off"),  # plausible; missed first
    outcome("harmless-factor-2-last"),
)


def test_counts():
    assert Counts.of(OUTCOMES) == Counts(
        defects=4,
        historical=2,
        by_default=2,
        killed=3,
        missed_first=2,
        seen_now=1,
        lanes=dict(zip(LANES, (0, 2, 0, 0), strict=True)),
        usual=dict(zip(USUAL_TESTS, (1, 0, 0, 0), strict=True)),
        usual_as_run=dict(zip(USUAL_TESTS, (0, 1, 0, 0), strict=True)),
    )


def test_the_summary_has_both_numbers_and_where_they_come_from():
    lines = summary(OUTCOMES).splitlines()
    assert "defects that change the mathematics: 4, of them 2 reported somewhere and 2 plausible slips" in lines
    assert "killed by a certificate with its defaults, on the run that somebody would try: 2" in lines
    assert any(line.startswith("killed: 3, ") for line in lines)
    assert "missed by default when first tried: 2, of which it sees 1 now" in lines
    assert "missed by default: gradient-summed" in lines
    assert "survives: labels-off, NOT SEEN" in lines
    assert any(line.startswith("survives: harmless-factor-2-last, mathematically equal") for line in lines)
    rows = [line.split() for line in lines if line.startswith(("formula ", "data "))]
    assert rows == [
        ["formula", "reference", "2", "1", "2", "0", "0", "0", "0"],
        ["data", "reference", "2", "1", "1", "0", "1", "0", "0"],
    ]


ELSEWHERE = (
    outcome("torch-loss-summed", lane="exact", killed=True),
    outcome("jax-loss-over-n-minus-1", killed=True),
    outcome("jax-labels-of-batch-before"),
)


def test_each_subject_has_a_column():
    columns = by_subject((*OUTCOMES, *ELSEWHERE))
    assert {system: (c.defects, c.by_default, c.killed) for system, c in columns.items()} == {
        "Keras": (4, 2, 3),
        "PyTorch": (1, 1, 1),
        "JAX": (2, 1, 1),
    }
    lines = [line.split() for line in summary((*OUTCOMES, *ELSEWHERE)).splitlines()]
    assert ["on", "the", "subject", "Keras", "PyTorch", "JAX"] in lines
    assert ["planted", "4", "1", "2"] in lines
    assert ["seen", "by", "default", "2", "1", "1"] in lines
    assert ["seen", "by", "that", "or", "a", "lane", "3", "1", "1"] in lines
    assert ["exact", "0", "1", "0"] in lines
    assert ["formula", "torch", "1", "1", "1", "0", "0", "0", "0"] in lines


def test_an_entry_of_the_file():
    told = entry(OUTCOMES[2])
    assert told["default"] == {"killed": True, "lane": "lockstep", "step": 2, "quantity": "w"}
    assert told["killed"]
    assert told["historical"]
    assert told["missed_first"]
    assert told["kind"] == "data"
    assert (told["side"], told["subject"]) == ("reference", "Keras")
    assert (entry(ELSEWHERE[1])["side"], entry(ELSEWHERE[1])["subject"]) == ("jax", "JAX")
    assert told["lanes"] == {lane: {"killed": False} for lane in LANES}
    assert told["usual_tests"] == NOTHING
    assert told["usual_tests_float32"]["whole path"]
    assert entry(OUTCOMES[1])["lanes"]["bound"]["step"] == 3
    assert entry(OUTCOMES[1])["default"] == {"killed": False, "lane": None, "step": None, "quantity": None}


@pytest.mark.parametrize(("alarms", "tried"), [(0, 1), (0, 3), (0, 240), (1, 13), (5, 31)])
def test_the_limit_is_where_so_few_alarms_have_probability_one_in_twenty(alarms, tried):
    def probability(p):
        return sum(comb(tried, k) * p**k * (1 - p) ** (tried - k) for k in range(alarms + 1))

    limit, step = Fraction(upper_limit(alarms, tried)), Fraction(1, 2**30)
    assert probability(limit - step) > Fraction(1, 20) > probability(limit + step)


def test_where_everything_is_an_alarm_nothing_is_ruled_out():
    assert upper_limit(3, 3) == 1


def test_controls_are_printed_with_their_limit():
    text = controls_summary(
        [Control("runs", 13, ()), Control("rewrites", 2, ("one line",))],
        {"adam": NOTHING | {"whole path": True}, "sgd": NOTHING},
    )
    assert text.splitlines() == [
        "false alarms: 0 of 13 runs (below 0.21 with 95 % confidence)",
        "false alarms: 1 of 2 rewrites (below 0.97 with 95 % confidence)",
        "false alarms of the usual tests on unpatched Keras in float32: whole path on adam",
    ]
    assert controls_summary([], {"sgd": NOTHING}).endswith("none")
    several = controls_summary([], {"sgd": NOTHING, "torch-adam": NOTHING | {"final weight": True}})
    assert several.splitlines()[1].endswith("unpatched PyTorch in float32: final weight on torch-adam")


def test_the_names_used_here_are_what_they_are_said_to_be():
    assert [named(o.name).historical for o in OUTCOMES[:4]] == [False, True, True, False]
    assert [named(o.name).missed_first for o in OUTCOMES[:4]] == [False, False, True, True]
