"""A claim's story in a paragraph."""

from itertools import chain
from typing import NamedTuple

from compare.claims.boundaries.derivative_at_zero import SETTING
from compare.claims.number_text import shown, times_rounding, told_apart
from compare.claims.telling.boundary_text import true_only_for
from compare.claims.telling.numbers import is_of_one_run, who_says
from compare.claims.telling.sentence import is_by_runs, unchanged_for, verdict_sentence
from compare.claims.telling.trained import trained_and_held
from compare.claims.values import ComparisonCheck, StepsCheck, TrajectoryCheck, UpdateCheck
from compare.claims.verdicts import WITNESSES, Boundary, Verdict
from compare.claims.witnesses.shared_runs import FEW, SEEDS
from reference import Experiment

__all__ = ["Story", "explain", "story_of"]

_FOLLOW = {True: "change there too", False: "change elsewhere, as their noise moves it", None: "cannot all tell"}


class Story(NamedTuple):
    """What became of a claim, and why: sentences by what they are about, in the order in which they are told."""

    verdict: tuple[str, ...]  # the claim itself, what became of it, and why if that takes a sentence more
    checked: tuple[str, ...] = ()
    trained: tuple[str, ...] = ()  # and what was held, where it is about runs
    witnesses: tuple[str, ...] = ()
    boundaries: tuple[str, ...] = ()  # one for each
    remarks: tuple[str, ...] = ()  # how far was looked, what was noticed


def explain(verdict: Verdict) -> str:
    """Tell what became of a claim, and why, in a paragraph that is a single line.

    Examples
    --------
    >>> from compare.claims import judge
    >>> from compare.claims.formula import parse
    >>> from compare.claims.values import Claim, Condition, FormulaCheck
    >>> from reference import Experiment
    >>> check = FormulaCheck(formula=parse("2 * x", {"x"}), at={"x": 0.25}, condition=Condition(above=1.0))
    >>> twice = Claim(id="twice", says="2/4 > 1.", source="example", experiment=Experiment(), checks=(check,))
    >>> explain(judge(twice))
    '“2/4 > 1.” (example). False. What is checked: 2 * x above 1. Closed form: 2 * x = 0.5.'
    """
    return " ".join(chain.from_iterable(story_of(verdict)))


def story_of(verdict: Verdict) -> Story:
    """The sentences of `explain` one by one."""
    claim = verdict.claim
    where = f"{claim.source}, {claim.paragraph}" if claim.paragraph else claim.source
    sentences = [f"“{claim.says}” ({where}).", verdict_sentence(verdict, unchanged=False)]
    if verdict.verdict == "not auditable":
        return Story(tuple(sentences))
    if is_by_runs(verdict) or (verdict.verdict == "conditional" and ";" in verdict.why):
        sentences.append(_sentence(verdict.why))
    of_runs = any(isinstance(c, (TrajectoryCheck, StepsCheck, ComparisonCheck, UpdateCheck)) for c in claim.checks)
    where = unchanged_for(verdict)
    remarks = [f"Looked at without batch noise, the verdict stays the same for {where}."] if where else []
    remarks += [_sentence(note) for note in verdict.notes]
    remarks += [f"WITNESSES CONTRADICT EACH OTHER: {_sentence(text)}" for text in verdict.contradictions]
    return Story(
        verdict=tuple(sentence for sentence in sentences if sentence),
        checked=(_sentence(f"what is checked: {'; '.join(judged.text for judged in verdict.checks)}"),),
        trained=(trained_and_held(claim.experiment),) if of_runs else (),
        witnesses=tuple(sentence for sentence in _by_witness(verdict) if sentence),
        boundaries=tuple(_boundary(one, claim.experiment, verdict.verdict == "refuted") for one in verdict.boundaries),
        remarks=tuple(remark for remark in remarks if remark),
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def _by_witness(verdict: Verdict) -> list[str]:
    sentences = []
    for name in WITNESSES:
        witness = verdict.witnesses[name]
        if witness is None:
            continue
        said: dict[str, list[str]] = {}
        for judged, finding in zip(verdict.checks, witness.findings, strict=True):
            if finding is None:
                continue
            who = who_says(name, judged.check, finding, verdict.claim.experiment.seed)
            if name == "reference" and is_of_one_run(judged.check):
                who = "reference"  # whose words have the number of runs
            said.setdefault(who, []).extend(text for text in (finding.says, finding.reason) if text)
        for who, texts in said.items():
            sentences.append(_sentence(f"{who}: {'; '.join(dict.fromkeys(texts))}"))
        if witness.certified is not None:
            sentences.append(_certified(*witness.certified))
    return sentences


def _certified(word: str, worst: float) -> str:
    if word == "could not be compared":
        return "Keras could not be compared with the reference."
    matches = "matches the reference in every step" if word == "agrees" else "DOES NOT MATCH the reference"
    return f"Keras {matches}; the largest difference is {times_rounding(worst)}."


def _boundary(boundary: Boundary, run: Experiment, refuted: bool) -> str:
    word = "It would be true" if refuted else "True only"
    text = f"{word} for {true_only_for(boundary, run=run)}; the claim has {shown(boundary.stated)}{_width(boundary)}"
    if boundary.closed_form is not None:
        formula, value = boundary.closed_form
        equals = "" if formula == shown(value) else f" = {shown(value)}"
        text += f"; in a run of any length that changes at {formula}{equals}"
    if boundary.reference:
        told = sorted((at, met, of) for at, (met, of) in boundary.reference.items() if of)
        places = told_apart([at for at, _, _ in told])
        asked = ", ".join(f"in {met} of {of} at {at}" for at, (_, met, of) in zip(places, told, strict=True))
        said = "show it" if boundary.found_by == "reference" else _FOLLOW[boundary.confirmed]
        most = max((of for _, _, of in told), default=SEEDS)
        few = f"; only {most} runs for each value were looked at, as they take long" if most <= FEW else ""
        text += f"; runs with batches {said}" + (f" (true {asked}{few})" if asked else "")
    elif boundary.setting == SETTING:
        text += "; every framework takes 0 for the derivative of ReLU at 0, and another value would tell otherwise"
    else:
        text += "; with batches it was not looked at, as the run would be too long or another change too near"
    return text + "."


def _width(boundary: Boundary) -> str:
    """Between what the change lies, where the value alone would seem to say more."""
    low, high = boundary.bracket
    if "between" in true_only_for(boundary) or boundary.setting == "batch_size":
        return ""
    narrow = high - low <= 1 if boundary.setting == "steps" else shown(low) == shown(high)
    return "" if narrow else ", and it changes between {} and {}".format(*told_apart([low, high]))
