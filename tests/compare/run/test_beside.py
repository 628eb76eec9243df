"""Who does what in two processes, and when: with pools that do nothing, or all of it at once."""

from argparse import Namespace
from concurrent.futures import Executor, Future
from dataclasses import replace

import pytest

import reference
from compare.claims import Claim, SharedRuns
from compare.claims.settings import has_no_bias
from compare.claims.values import Condition, TrajectoryCheck
from compare.claims.verdicts import Verdict
from compare.question.audit import Finding
from compare.question.experiments import Case, shipped
from compare.run import claims_beside
from compare.run.claims_beside import judged_in_two
from compare.run.keras_process import KerasBeside
from compare.run.pictures import Drawing
from reference import Experiment, Parameters


class Pool(Executor):
    """Does the first few things that it is given at once; the others wait."""

    def __init__(self, does=0):
        self.does, self.given, self.futures = does, [], []

    def submit(self, function, /, *arguments):
        self.given.append((function.__name__, *arguments))
        self.futures.append(Future())
        if len(self.given) <= self.does:
            self.futures[-1].set_running_or_notify_cancel()
            self.futures[-1].set_result(function(*arguments))
        return self.futures[-1]


def claim(id, **settings):
    experiment = Experiment(**{"steps": 3, "batch_size": 4, **settings})
    check = TrajectoryCheck(quantity="w", when="end", condition=Condition(below=0.0))
    return Claim(id=id, says="", source="a test", experiment=experiment, checks=(check,))


A, B, C = claim("a"), claim("b", trainable=("w", "b")), claim("c", initial=Parameters(w=1.0))


def verdict(claim):
    return Verdict(claim=claim, verdict="holds", why="", number="", witnesses={}, checks=())


@pytest.fixture
def in_two(monkeypatch):
    """Verdicts by two processes, what the other one is given, and whose turn it was here."""
    turns, there = [], Future()

    def judge_all(claims, shared):
        for one in claims:
            turns.append(one.id)
            yield verdict(one)

    class Process(Pool):
        def submit(self, function, /, *arguments):
            super().submit(function, *arguments)
            return there if function is claims_beside._judge else self.futures[-1]

        def shutdown(self, *_, **__):
            for future in self.futures:
                future.cancel()

    pool = Process()
    monkeypatch.setattr(claims_beside, "judge_all", judge_all)
    monkeypatch.setattr(claims_beside, "process_pool", lambda *_: pool)
    return turns, there, pool


def test_verdicts_are_told_in_order_as_they_are_reached(in_two):
    turns, there, pool = in_two
    drawn = []

    def meanwhile():
        drawn.append("a picture")
        there.set_result([(verdict(B), "its curve")])
        return True

    with judged_in_two([], [A, B, C], SharedRuns(), list, meanwhile) as beside:
        assert pool.given == [("_run", []), ("_judge", [B])]
        verdicts = iter(beside.verdicts)
        assert next(verdicts).claim is A
        assert turns == ["a"]
        # What is judged elsewhere is not there yet: first all that is judged here, then pictures.
        assert [one.claim for one in verdicts] == [B, C]
        assert (turns, drawn, beside.curves) == (["a", "c"], ["a picture"], {"b": "its curve"})
        pool.futures[0].set_result([])
        assert beside.findings.result() == []


def test_what_the_other_process_has_told_is_not_waited_for(in_two):
    turns, there, pool = in_two
    there.set_result([(verdict(B), None)])
    with judged_in_two([], [B, A, C], SharedRuns(), list) as beside:
        assert next(beside.verdicts).claim is B
        assert turns == []
        pool.futures[0].set_result([])


def test_only_claims_without_a_bias_are_judged_here():
    assert [has_no_bias(one.experiment) for one in (A, B, C)] == [True, False, True]


def test_keras_is_asked_for_runs_of_the_question_and_of_claims_in_turns():
    cases = [Case("of-a", "relu", A.experiment), Case("alone", "relu", replace(A.experiment, seed=7))]
    pool = Pool()
    KerasBeside(pool, Pool(), cases, [A, B, C], "keras")
    asked = [(name, argument.id if isinstance(argument, Case) else argument) for name, argument, *_ in pool.given]
    assert [rest for _, _, *rest in pool.given if rest] == [["keras"], ["keras"]]
    assert asked == [
        ("_finding", "of-a"),
        ("_run", A.experiment),
        ("_run", B.experiment),
        ("_finding", "alone"),
        ("_run", C.experiment),
    ]


@pytest.mark.parametrize("does", [0, 2, 100])
def test_pictures_are_the_same_whoever_draws_them(does, tmp_path, monkeypatch):
    from compare.figures.gallery import scenes

    monkeypatch.setattr(scenes, "FILMS", {})
    case = next(case for case in shipped() if case.id == "relu-right-way")
    run = reference.train(case.experiment)
    options = Namespace(files=["mine.toml"], only=None, explain=None)
    files = []
    for pool, folder in ((None, tmp_path / "alone"), (Pool(does), tmp_path / "shared")):
        drawing = Drawing(folder, options, of_source=False)
        drawing.begin([Finding(case, run, None, 0.0)], pool)
        drawing.begin([], None)  # once is enough
        pictures = drawing.finish([], SharedRuns())
        files.append([(one.name, one.alt, one.caption, one.path.read_bytes()) for one in pictures])
    assert files[0] == files[1]
    names = [one[0] for one in files[0]]
    assert [given[1] for given in pool.given] == names[::-1]
    assert sum(future.cancelled() for future in pool.futures) == max(0, len(names) - does)
