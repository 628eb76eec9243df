"""Verdicts as people and programs read them."""

from compare.claims.telling.boundary_text import true_only_for
from compare.claims.telling.explain import explain
from compare.claims.telling.numbers import CheckNumbers, WitnessRow, numbers
from compare.claims.telling.sentence import verdict_sentence

__all__ = ["CheckNumbers", "WitnessRow", "explain", "numbers", "true_only_for", "verdict_sentence"]
