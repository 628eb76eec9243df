"""The exact witness of a run: gradient descent on the expected loss, without sampling, in floats.

Where w alone is trained and there is no bias, `compare.claims.witnesses.descent.decimal_descent` has all the
digits it takes; floats are then for a quick look along a setting. Elsewhere floats are what
there is, with a shadow that says how far they can be trusted.

The gradient is that of `compare.surface.expected_descent`. The steps are not: those are the reference's, of
which this witness is to be independent wherever a textbook has the rule (`textbook`), and take 35
microseconds each where these take 4.

Below the resolution. On a half line where dL/dw = curvature w, plain SGD and momentum
commute with scaling: once w and its velocity are tiny, both are multiplied by 2^600 and
the path goes on, with w recorded as the smallest normal number of its sign. Signs are
thus exact however long it takes. Plain SGD with 0 < lr curvature < 1 keeps its sign for
ever, w (1 - lr curvature)^n; momentum with real positive eigenvalues keeps it once its
slow mode dominates. Both are then `settled`. Other optimizers have no such law; their
paths lose their resolution where w gets below the smallest normal number.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from compare.claims.witnesses.descent.parabolas import HalfLines, half_lines
from compare.claims.witnesses.descent.textbook import MomentumSGD, PlainSGD, update_of
from compare.claims.witnesses.paths.path import STEP_ERROR, Path, Shadow
from compare.surface.scalar_gradient import scalar_gradient
from reference import Experiment, Parameters

__all__ = ["Descent", "ShadowedDescent", "has_real_positive_modes", "without_sampling_settings"]

INFINITY = math.inf
TINY = 2.0**-1022
SCALE = 2.0**600
SCALE_BELOW = 2.0**-700
SHORT = 32  # steps that are taken one by one
STILL = 1000  # updates without any change before a run counts as at rest
ASIDE = 2.0**-30  # of a shadow's start, relative to it: far above rounding, and far below what bends a path
DOMINATED = 2  # rescalings after which only the slowest mode is left of a linear recurrence


def without_sampling_settings(experiment: Experiment) -> Experiment:
    """The experiment with batch size, steps, seed and dtype fixed: its expected dynamics does not depend on them."""
    return replace(experiment, batch_size=1, steps=1, seed=0, dtype="float64")


class Descent:
    """The expected path of a single neuron, as far as it is asked for; longer runs, and other claims, continue it.

    Examples
    --------
    >>> path = Descent(Experiment()).path(2)
    >>> path.parameters.w[:, 0].round(10).tolist()
    [-10.0, -9.9, -9.801]
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self._gradient = scalar_gradient(experiment.negative_slope, experiment.target, experiment.grad_at_zero)
        self._lines = half_lines(experiment)
        self._updates: list[Any] = [update_of(experiment.optimizer) for _ in experiment.trainable]
        self._state = [float(getattr(experiment.initial, name)) for name in experiment.trainable]
        # One list for each trained parameter.
        self._states = [[w] for w in self._state]
        self._gradients: list[list[float]] = [[] for _ in self._state]
        self._still = 0
        self._scaled = 0  # how many times w was multiplied by SCALE, net
        self._rescalings = 0
        self._homogeneous, self._monotone = self._scaling_law()
        self.settled = False

    def _scaling_law(self) -> tuple[float, bool]:
        """The side, -1 or 1, on which the path may be scaled, 0 if on none; and whether w keeps its sign there."""
        lines, optimizer = self._lines, self.experiment.optimizer
        if lines is None or not isinstance(self._updates[0], (PlainSGD, MomentumSGD)):
            return 0.0, False
        side = -1.0 if lines.left_pull == 0 else 1.0 if lines.right_pull == 0 else 0.0
        return side, has_real_positive_modes(optimizer.learning_rate * lines.curvature, optimizer)

    def extend(self, steps: int) -> None:
        """Continue until `steps` updates were made, or nothing changes any more."""
        if self._lines is None:
            self._extend_any(steps)
        elif not self._follow_a_formula(self._lines, steps):
            self._extend_line(self._lines, steps)

    def _extend_line(self, lines: HalfLines, steps: int) -> None:
        """`extend` where dL/dw is a line on either side of 0: the same, without loops inside the loop."""
        curvature, left_pull, right_pull, at_zero = lines
        (update,), (states,), (gradients,) = self._updates, self._states, self._gradients
        step, homogeneous, w = update.step, bool(self._homogeneous), self._state[0]
        for _ in range(0 if self.settled else steps - len(gradients)):
            if w < 0:
                g = curvature * w - left_pull
            elif w > 0:
                g = curvature * w - right_pull
            else:
                g = at_zero if w == 0 else w
            memory = update.memory() if self._still else None
            new = step(w, g)
            gradients.append(g)
            if new == w or not -INFINITY < new < INFINITY:
                self._notice([w], [new], [g], None if memory is None else [memory])
            elif memory is not None:
                self._still = 0
            w = new
            if homogeneous and (self._scaled or -SCALE_BELOW < w < SCALE_BELOW):
                self._state[0] = w
                self._rescale()
                w = self._state[0]
                states.append(self._recorded())
            else:
                states.append(w)
            if self.settled:
                break
        self._state[0] = w

    def _follow_a_formula(self, lines: HalfLines, steps: int) -> bool:
        """Plain SGD that shrinks towards a minimum on its side, or towards 0, without a loop."""
        (update,), (states,), (gradients,), w = self._updates, self._states, self._gradients, self._state[0]
        count = steps - len(gradients)
        if not isinstance(update, PlainSGD) or not w or count < SHORT or self.settled or self._scaled:
            return False
        curvature, pull = lines.curvature, lines.left_pull if w < 0 else lines.right_pull
        if not 0 < update.lr * curvature < 1 or pull * w < 0:
            return False
        minimum = pull / curvature
        # u (1 - a)^n with the rounding of a power, which is no more than that of as many steps.
        offset = (w - minimum) * (1 - update.lr * curvature) ** np.arange(count + 1)
        if not pull:
            offset = np.where(np.abs(offset) < TINY, math.copysign(TINY, w), offset)
        gradients += (curvature * offset[:-1]).tolist()
        states += (minimum + offset[1:]).tolist()
        self._state[0] = states[-1]
        return True

    def _extend_any(self, steps: int) -> None:
        gradient_of, updates, state = self._gradient, self._updates, self._state
        trained = [Parameters._fields.index(name) for name in self.experiment.trainable]
        parameters = [float(p) for p in self.experiment.initial]
        columns = [
            (i, update.step, states.append, gradients.append)
            for i, update, states, gradients in zip(trained, updates, self._states, self._gradients, strict=True)
        ]
        for _ in range(0 if self.settled else steps - self.steps):
            for i, w in zip(trained, state, strict=True):
                parameters[i] = w
            gradient = gradient_of(*parameters)
            memories = [update.memory() for update in updates] if self._still else None
            new = []
            for (i, step, keep, keep_gradient), w in zip(columns, state, strict=True):
                g = gradient[i]
                next_w = step(w, g)
                new.append(next_w)
                keep(next_w)
                keep_gradient(g)
            # A sum is finite only if all are, unless it overflows.
            if new == state or not (math.isfinite(sum(new)) or all(map(math.isfinite, new))):
                self._notice(state, new, [gradient[i] for i in trained], memories)
            elif memories is not None:
                self._still = 0
            state = new
            if self.settled:
                break
        self._state = state

    def _notice(
        self, old: list[float], new: list[float], gradient: Sequence[float], memories: list[Any] | None
    ) -> None:
        """After a step that changes nothing, or leaves nothing finite, settle if it stays that way."""
        if new != old:
            self.settled = True
            return
        self._still += 1
        at_rest = memories is not None and memories == [update.memory() for update in self._updates]
        # An update of SGD depends on the state only, not on how many came before.
        forgets_time = all(isinstance(update, (PlainSGD, MomentumSGD)) for update in self._updates)
        if (at_rest and forgets_time) or (self._still > STILL and not any(gradient)):
            self.settled = True

    def _rescale(self) -> None:
        """Keep w and its velocity within range while the path is homogeneous."""
        update, w = self._updates[0], self._state[0]
        assert isinstance(update, (PlainSGD, MomentumSGD))
        size = max(abs(w), *map(abs, update.memory()), 0.0)
        if w * self._homogeneous > 0 and 0 < size < SCALE_BELOW:
            self._state[0] = w * SCALE
            update.scale(SCALE)
            self._scaled += 1
            self._rescalings += 1
        elif self._scaled and w * self._homogeneous <= 0:
            # Across 0 the other line takes over, on which nothing this small matters.
            update.scale(0.0)
            self._state[0] = math.copysign(TINY, w) if w else 0.0
            self._scaled = 0
        elif self._scaled and size > 1:
            self._state[0] = w / SCALE
            update.scale(1 / SCALE)
            self._scaled -= 1
        slowest_left = self._rescalings >= (1 if isinstance(update, PlainSGD) else DOMINATED)
        if self._monotone and slowest_left and self._state[0] * self._homogeneous > 0:
            self.settled = True

    def _recorded(self) -> float:
        """The parameter, and where it is scaled the number of its sign that is nearest to it."""
        if not self._scaled:
            return self._state[0]
        w = self._state[0] / SCALE if self._scaled == 1 else 0.0
        return w if abs(w) >= TINY else math.copysign(TINY, self._state[0])

    @property
    def steps(self) -> int:
        """Number of updates made so far."""
        return len(self._gradients[0])

    def path(self, steps: int) -> Path:
        """The path of so many updates; where it has settled, the rest of it is known."""
        self.extend(steps)
        known = min(steps, self.steps)
        columns: dict[str, Any] = {
            name: np.broadcast_to(float(getattr(self.experiment.initial, name)), (steps + 1, 1))
            for name in Parameters._fields
        }
        slopes: dict[str, Any] = dict.fromkeys(Parameters._fields)
        for i, name in enumerate(self.experiment.trainable):
            columns[name] = self._continued(np.array(self._states[i][: known + 1]), steps + 1)
            slopes[name] = self._continued(np.array(self._gradients[i][:known]), steps)
        resolution = 0.0 if self._homogeneous else TINY
        return Path(self.experiment, Parameters(**columns), Parameters(**slopes), None, resolution)

    def _continued(self, values: np.ndarray, length: int) -> np.ndarray:
        """As a column; the last value is repeated, of a path that only shrinks any more its sign."""
        missing = length - len(values)
        if missing:
            last = np.copysign(TINY, values[-1]) if self._scaled else values[-1]
            values = np.append(values, np.full(missing, last))
        return values[:, None]


class ShadowedDescent:
    """A descent in floats, and beside it another from a perturbed start, which shows how errors grow.

    How far the two are apart says how the path carries errors on, and so how far the
    rounding of all its steps may have carried it.

    Examples
    --------
    >>> both = ShadowedDescent(Experiment(trainable=("w", "b")))
    >>> difference, error = both.path(100).minus("w", 1.0)
    >>> bool(error[100, 0] < 1e-10)
    True
    """

    def __init__(self, experiment: Experiment) -> None:
        self.descent = Descent(experiment)
        starts = {name: float(getattr(experiment.initial, name)) for name in experiment.trainable}
        moved = {name: start * (1 + ASIDE) if start else ASIDE for name, start in starts.items()}
        self._shadow = Descent(replace(experiment, initial=experiment.initial._replace(**moved)))

    @property
    def settled(self) -> bool:
        """Whether nothing changes any more."""
        return self.descent.settled

    def path(self, steps: int) -> Path:
        """The path of so many updates."""
        shadow = Shadow(self._shadow.path(steps), STEP_ERROR / ASIDE)
        return replace(self.descent.path(steps), shadow=shadow)


def has_real_positive_modes(a: float, optimizer: Any) -> bool:
    """Whether the recurrence of momentum on a gradient curvature * w does not oscillate.

    With a = lr curvature the eigenvalues solve

        heavy ball    x^2 - (1 + mu - a) x + mu = 0
        Nesterov      x^2 - (1 + mu) (1 - a) x + mu (1 - a) = 0

    which are real and positive if the discriminant is not negative and a is between 0 and
    1; for the heavy ball that is mu <= (1 - sqrt(a))^2.

    Examples
    --------
    >>> from reference import SGD
    >>> [has_real_positive_modes(0.01, SGD(momentum=mu)) for mu in (0.8, 0.82)]
    [True, False]
    """
    mu = optimizer.momentum
    if optimizer.nesterov:
        half, product = (1 + mu) * (1 - a) / 2, mu * (1 - a)
    else:
        half, product = (1 + mu - a) / 2, mu
    return bool(0 < a < 1 and half * half >= product)
