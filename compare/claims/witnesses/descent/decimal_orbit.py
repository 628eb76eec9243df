"""One run of gradient descent on the expected loss, with a fixed number of decimal digits.

See `compare.claims.witnesses.descent.decimal_descent` for what becomes of two of them.
"""

import decimal
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from compare.claims.witnesses.descent.parabolas import half_parabolas, teacher_slopes
from compare.claims.witnesses.descent.textbook import DECIMALS, MomentumSGD, PlainSGD, update_of
from compare.claims.witnesses.loss_values import neuron_of
from compare.claims.witnesses.real_numbers import written
from reference import Experiment

__all__ = ["Offsets", "Orbit"]

AT_ONCE = 32  # steps between two tests whether a formula gives the rest
STILL = 1000  # steps that change nothing before a run is at rest
SMALLEST = math.ldexp(1.0, -1022)
UNIT = 2.0**-53
AT_ZERO = 0  # the origin w = 0


class Offsets(NamedTuple):
    """Origin and offset of each state, and a bound on its rounding to a float, (states,); gradients, (steps,)."""

    origin: np.ndarray
    offset: np.ndarray
    rounding: np.ndarray
    gradient: np.ndarray


class _Tail(NamedTuple):
    """A sequence A r^n (1 + fast k^n + linear n), n steps after some state, in logarithms."""

    log_size: float  # ln |A|
    sign: float  # of A
    log_ratio: float  # ln |r|
    ratio_sign: float  # of r
    fast: float  # B / A, where a second mode B (r k)^n decays faster
    log_fast_ratio: float  # ln k, 0 < k < 1
    linear: float = 0.0  # where both modes have the same ratio

    def values(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The values after 1, 2, ... steps, with a bound on their errors."""
        if self is _AT_REST:
            return np.zeros(count), np.zeros(count)
        n = np.arange(1, count + 1)
        exponent = self.log_size + n * self.log_ratio
        with np.errstate(under="ignore", over="ignore"):
            size = np.exp(exponent) * (1 + self.fast * np.exp(n * self.log_fast_ratio) + self.linear * n)
        signs = self.sign * (self.ratio_sign**n if self.ratio_sign < 0 else 1.0)
        # Each of the logarithms, the product and the sum is off by half an ulp, and exp by one.
        size = np.maximum(size, SMALLEST)
        return signs * size, size * UNIT * (8 + 4 * np.abs(exponent) + 4 * abs(self.log_size))


class _Wave(NamedTuple):
    """A sequence amplitude ratio^n cos(n angle - phase), n steps after some state."""

    log_amplitude: float
    log_ratio: float
    phase: float
    angle: float  # turned in a step

    def values(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The values after 1, 2, ... steps, with a bound on their errors."""
        n = np.arange(1, count + 1)
        exponent = self.log_amplitude + n * self.log_ratio
        with np.errstate(under="ignore"):
            size = np.exp(exponent)
        values = size * np.cos(n * self.angle - self.phase)
        # The angle is an arc cosine, off by some units over its sine; n times that, and as much in the logarithms.
        off = UNIT * (16 + 8 * n * (1 + self.angle) / math.sin(self.angle) + 4 * np.abs(exponent))
        return np.where(values == 0, SMALLEST, values), size * off + SMALLEST


_AT_REST = _Tail(-math.inf, 0.0, 0.0, 1.0, 0.0, 0.0)  # at 0 for ever


class Orbit:
    """A run with a fixed number of digits, as far as it was asked for."""

    def __init__(self, experiment: Experiment, digits: int) -> None:
        self.context = decimal.Context(prec=digits, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])
        neuron = neuron_of(experiment.initial, experiment)
        moves_by_gradients_only = not getattr(experiment.optimizer, "weight_decay", 0.0)
        self.origins: tuple[Fraction, ...] = (Fraction(0),)
        self.tail: _Tail | _Wave | None = None
        start = neuron.w
        with decimal.localcontext(self.context) as context:
            update = update_of(experiment.optimizer, DECIMALS)
            assert update is not None
            self.update = update
            # For either side: curvature, pull, and the origin of its minimum if that is on this side.
            self.lines: dict[int, tuple[Decimal, Decimal, int]] = {}
            for sign, side in zip((-1, 1), half_parabolas(neuron), strict=True):
                origin = AT_ZERO
                if moves_by_gradients_only and side.a > 0 and side.lowest_at * sign > 0:
                    self.origins = (*self.origins, side.lowest_at)
                    origin = len(self.origins) - 1
                self.lines[sign] = _decimal(2 * side.a), _decimal(-side.b), origin
            self.origin_values = [_decimal(origin) for origin in self.origins]
            taken = experiment.grad_at_zero
            at_zero = neuron.negative_slope if taken is None else written(taken)
            self.gradient_at_zero = _decimal(
                -neuron.v * at_zero * sum(teacher_slopes(neuron.target_w, neuron.target_slope))
            )
            context.clear_flags()
            self.u, self.origin = _decimal(start), AT_ZERO
            self.is_exact = not context.flags[decimal.Inexact]
        self.exact: list[Fraction] = [start]
        self._offset, self._visited_origins = [_as_float(self.u)], [AT_ZERO]
        self._gradient: list[float] = []
        self._still = 0

    @property
    def steps(self) -> int:
        return len(self._gradient)

    def extend(self, steps: int) -> None:
        """Continue until so many updates were made, or until a formula gives the rest."""
        with decimal.localcontext(self.context) as context:
            while self.tail is None and self.steps < steps:
                if self.is_exact:
                    self._take_steps(1)
                    self.is_exact = not context.flags[decimal.Inexact]
                    if self.is_exact:
                        self.exact.append(Fraction(self.origin_values[self.origin] + self.u))
                else:
                    self._take_steps(min(AT_ONCE, steps - self.steps))
                if not self._still:
                    self._leave_the_rest_to_a_formula()

    def _take_steps(self, count: int) -> None:
        """Take steps until one of them changes nothing."""
        u, origin, lines, where, step = self.u, self.origin, self.lines, self.origin_values, self.update.step
        offsets, origins, gradients, many = (
            self._offset,
            self._visited_origins,
            self._gradient,
            len(self.origin_values) > 1,
        )
        for _ in range(count):
            w = where[origin] + u if origin else u
            if w:
                curvature, pull, minimum = lines[1 if w > 0 else -1]
                g = curvature * u if origin == minimum != AT_ZERO else curvature * w - pull
            else:
                g = self.gradient_at_zero
            memory = self.update.memory() if self._still else None
            new = step(u, g)
            moved, u = new != u, new
            if many:
                u, origin = self._from_a_better_origin(u, origin)
            gradients.append(_as_float(g))
            offsets.append(_as_float(u))
            origins.append(origin)
            self.u, self.origin = u, origin
            if moved:
                self._still = 0
            else:
                self._still += 1
                self._rest_if_nothing_moves(g, memory)
                break

    def _from_a_better_origin(self, u: Decimal, origin: int) -> tuple[Decimal, int]:
        """Offset from the minimum of the side that w is on, or from 0 if w is nearer to 0; and that origin."""
        w = self.origin_values[origin] + u if origin else u
        if not w:
            return w, AT_ZERO
        better = self.lines[1 if w > 0 else -1][2]
        if better != AT_ZERO and abs(w) < abs(self.origin_values[better]) / 2:
            better = AT_ZERO
        return (u, origin) if better == origin else (w - self.origin_values[better], better)

    def _rest_if_nothing_moves(self, g: Decimal, memory: tuple[Any, ...] | None) -> None:
        """Set `tail` to a constant once neither w nor the optimizer's memory changes, or w not for `STILL` steps."""
        forgets_time = isinstance(self.update, (PlainSGD, MomentumSGD))
        at_rest = memory is not None and memory == self.update.memory()
        if (at_rest and (forgets_time or not g)) or (self._still > STILL and not g):
            self.tail = _AT_REST if not self.u else _Tail(_log(self.u), _sign(self.u), 0.0, 1.0, 0.0, 0.0)

    def _leave_the_rest_to_a_formula(self) -> None:
        """Set `tail` once the rest of the run is a geometric sequence, or a damped oscillation, about its origin."""
        u, update = self.u, self.update
        if not u or not isinstance(update, (PlainSGD, MomentumSGD)) or not u.is_finite():
            return
        w = self.origin_values[self.origin] + u
        curvature, pull, minimum = self.lines[1 if w > 0 else -1]
        if pull and (self.origin != minimum or minimum == AT_ZERO):
            return
        a = update.lr * curvature
        if isinstance(update, PlainSGD):
            q = 1 - a
            # An overshoot stays on this side if it is shorter than the way to 0.
            stays = 0 < q < 1 or (
                -1 < q < 0 and self.origin != AT_ZERO and abs(u) < abs(self.origin_values[self.origin])
            )
            if stays:
                self.tail = _Tail(_log(u), _sign(u), _log(q), _sign(q), 0.0, 0.0)
            return
        self.tail = self._of_two_modes(a)

    def _of_two_modes(self, a: Decimal) -> _Tail | _Wave | None:
        """The rest of a run with momentum, from a = lr curvature; None if no formula gives it yet.

        With m_n the velocity, heavy ball is m_{n+1} = mu m_n - a u_n, u_{n+1} = u_n + m_{n+1},
        and Nesterov adds mu m_{n+1} - a u_n in place of m_{n+1}. Without m both are

            u_{n+1} = total u_n - product u_{n-1},    heavy ball: total = 1 + mu - a, product = mu,
                                                      Nesterov: total = (1 + mu) (1 - a), product = mu (1 - a).

        If r^2 = total r - product has roots 0 < q < r < 1, then u_n = A r^n + B q^n with
        (r - q) A = u_1 - q u_0 and (r - q) B = r u_0 - u_1; if they are equal, u_n = (u_0 + n c) r^n
        with c = u_1 / r - u_0; if they are complex, `_wave`. Two modes are left to `_Tail` once
        |B| <= |A| / 1000: then u keeps the sign of A, and what rounding does to B is negligible.
        """
        update, u = self.update, self.u
        assert isinstance(update, MomentumSGD)
        mu, m = update.mu, update.m
        if update.nesterov:
            total, product = (1 + mu) * (1 - a), mu * (1 - a)
            after = u * (1 - a * (1 + mu)) + mu * mu * m
        else:
            total, product = 1 + mu - a, mu
            after = u * (1 - a) + mu * m
        square = total * total - 4 * product
        if square < 0:
            return self._wave(total, product, after)
        if not square:
            double = total / 2
            share = after / double / u - 1
            if not 0 < double < 1 or not share >= 0:
                return None
            return _Tail(_log(u), _sign(u), _log(double), 1.0, 0.0, 0.0, float(share))
        root = square.sqrt()
        slow, fast = (total + root) / 2, (total - root) / 2
        if not 0 < fast < slow < 1:
            return None
        large, small = after - fast * u, slow * u - after  # A and B times slow - fast
        if not large or _sign(large) != _sign(u) or abs(small) * 1000 > abs(large):
            return None
        share = small / large
        return _Tail(_log(large / root), _sign(u), _log(slow), 1.0, float(share), _log(fast / slow))

    def _wave(self, total: Decimal, product: Decimal, after: Decimal) -> _Wave | None:
        """A damped oscillation about a minimum, too small to reach 0; None if it is not.

        For complex roots r exp(+-i theta), r^2 = product and cos(theta) = total / (2 r):
        u_n = r^n (u_0 cos(n theta) + s sin(n theta)) with s = (u_1 / r - u_0 cos(theta)) / sin(theta).
        """
        ratio = product.sqrt()
        cosine = total / (2 * ratio)
        sine = (1 - cosine * cosine).sqrt()
        quadrature = (after / ratio - self.u * cosine) / sine
        amplitude = (self.u * self.u + quadrature * quadrature).sqrt()
        if self.origin == AT_ZERO or not ratio < 1 or not amplitude < abs(self.origin_values[self.origin]):
            return None
        phase = math.atan2(float(quadrature / amplitude), float(self.u / amplitude))
        return _Wave(_log(amplitude), _log(ratio), phase, math.atan2(float(sine), float(cosine)))

    def offsets(self, steps: int) -> Offsets:
        """The run up to so many updates, including the part that a formula gives."""
        known = min(steps, self.steps)
        origin, offset = np.array(self._visited_origins[: known + 1]), np.array(self._offset[: known + 1])
        gradient, rounding = np.array(self._gradient[:known]), 2 * UNIT * np.abs(offset)
        missing = steps - known
        if missing:
            assert self.tail is not None
            more, more_rounding = self.tail.values(missing)
            origin = np.append(origin, np.full(missing, self.origin))
            side = (float(self.origin_values[self.origin]) + self._offset[-1]) or self._offset[-1]
            curvature, pull, minimum = self.lines[1 if side > 0 else -1]
            slope = 0.0 if not side else float(curvature)
            base = 0.0 if self.origin == minimum != AT_ZERO or not side else float(pull)
            before = np.append(offset[-1], more[:-1])
            gradient = np.append(
                gradient, slope * before - base if side else np.full(missing, float(self.gradient_at_zero))
            )
            offset, rounding = np.append(offset, more), np.append(rounding, more_rounding)
        return Offsets(origin, offset, rounding, gradient)


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def _as_float(number: Decimal) -> float:
    """The nearest float; for numbers below the normal ones, the smallest of these with the same sign."""
    nearest = float(number)
    return math.copysign(SMALLEST, number) if number and abs(nearest) < SMALLEST else nearest


def _sign(number: Decimal) -> float:
    return math.copysign(1.0, number)


def _log(number: Decimal) -> float:
    return float(abs(number).ln()) if number else -math.inf
