"""Where the value that is taken for phi'(0) decides: a start at exactly w = b = 0.

The derivative of ReLU does not exist at 0. Every framework takes 0, so that a neuron that
starts there never moves; with any other value between the one-sided derivatives, 0 and 1,
it might. That value is then the boundary.
"""

from collections.abc import Sequence
from dataclasses import replace

from compare.claims.verdicts import Boundary
from compare.claims.witnesses.descent.float_descent import Descent, without_sampling_settings
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.paths.statements import RunCheck, Statement, state
from reference import Experiment

__all__ = ["SETTING", "flip_at_the_kink"]

SETTING = "relu'(0)"
OTHERS = (0.5, 1.0)  # values that an implementation might take, and a subgradient is


def flip_at_the_kink(checks: Sequence[RunCheck], experiment: Experiment, said: Statement) -> Boundary | None:
    """The boundary at phi'(0) = 0 of a claim about a neuron that starts on the kink; None if it is no boundary.

    The exact witness says `said` of the claim as it is.
    """
    start = experiment.initial
    at_the_kink = start.w == 0 and start.b == 0 and not {"w", "b"}.isdisjoint(experiment.trainable)
    is_relu = experiment.negative_slope == 0 and experiment.grad_at_zero is None
    if not (at_the_kink and is_relu and said.resolved[0]):
        return None
    holds = bool(said.met[0])
    for derivative in OTHERS:

        def path(run: Experiment, derivative: float = derivative) -> Path:
            return Descent(replace(without_sampling_settings(run), grad_at_zero=derivative)).path(run.steps)

        other = state(checks, experiment, path)
        if not other.resolved[0] or bool(other.met[0]) == holds:
            return None
    return Boundary(
        setting=SETTING,
        value=0.0,
        below=holds,
        above=not holds,
        bracket=(0.0, 0.0),
        stated=0.0,
        range=(0.0, 1.0),
    )
