"""Families in several processes: the same outcomes, in the same order."""

import pytest

from compare.defects.gallery import named


def test_two_processes_find_what_one_finds():
    pytest.importorskip("keras_impl")
    from compare.defects.detection.workers import try_all

    defects = [named(name) for name in ("loss-over-n-minus-1", "decay-ignored", "gradient-summed")]
    alone = list(try_all(defects, jobs=1))
    assert [result.family for result in alone] == ["relu", "adamw"]
    assert [[outcome.name for outcome in result.outcomes] for result in alone] == [
        ["loss-over-n-minus-1", "gradient-summed"],
        ["decay-ignored"],
    ]
    assert list(try_all(defects, jobs=2)) == alone
