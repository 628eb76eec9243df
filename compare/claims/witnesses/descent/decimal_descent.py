"""Gradient descent on the expected loss in decimal arithmetic, of as many digits as it takes.

Where only w is trained and there is no bias, dL/dw is a line on either side of w = 0, and
a step takes a few operations. Here they are carried out on decimals, with every setting
as it is written: 0.01 is 1/100. Two things that floats lose are kept:

* near a minimum, the distance from it: w is recorded as an offset from an origin, which is
  0 or the minimum of the line it is on, so that w - 1 has all its digits at 1 - 1e-300;
* signs below any underflow: exponents of decimals reach beyond 10^(10^17).

Each run is made twice, with different numbers of digits. Where the two differ the coarser
one is wrong, by about as much; the finer one is better by the digits that it has more, so
that the difference bounds its error with much to spare. Where rounding is amplified at
each step, as it is in chaotic runs, the digits are doubled until the two agree, or until
that is too much work; from there on the error that is reported is as large as the
difference, and decides nothing.

Plain SGD and momentum, once what is left cannot cross 0 any more, go on as a geometric
sequence or a damped oscillation: no steps need to be taken to say what becomes of them.
"""

import math

import numpy as np

from compare.claims.witnesses.descent.decimal_orbit import Offsets, Orbit
from compare.claims.witnesses.descent.parabolas import half_lines, half_parabolas
from compare.claims.witnesses.descent.textbook import DECIMALS, update_of
from compare.claims.witnesses.loss_values import neuron_of
from compare.claims.witnesses.paths.offset_states import OffsetStates
from compare.claims.witnesses.paths.path import Path
from reference import Experiment

__all__ = ["DecimalDescent"]

DIGITS = 38  # two words of the decimal library
MORE = 19  # one word: digits that the finer run has more than the coarser one
MOST_DIGIT_STEPS = 4_000_000  # digits times steps of one run
LOST = 2.0**-30  # a difference of the two runs, relative to the offset, from which more digits are needed
LATELY = 16  # states by which a formula that goes on from them is judged
UNIT = 2.0**-53


class DecimalDescent:
    """The expected path of an experiment in which w alone is trained, without any bias.

    Examples
    --------
    >>> path = DecimalDescent(Experiment()).path(2)
    >>> path.parameters.w[:, 0].tolist()
    [-10.0, -9.9, -9.801]
    >>> difference, error = path.minus("w", -9.9, slice(1, 2))
    >>> float(difference[0, 0]), float(error[0, 0])
    (0.0, 0.0)
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self._digits = DIGITS
        self._coarse, self._fine = (Orbit(experiment, digits) for digits in (DIGITS - MORE, DIGITS))

    @staticmethod
    def takes(experiment: Experiment) -> bool:
        """Whether only w is trained, without any bias, by an optimizer that decimals can carry out."""
        return half_lines(experiment) is not None and update_of(experiment.optimizer, DECIMALS) is not None

    @property
    def settled(self) -> bool:
        """Whether a formula gives the rest of the path."""
        return self._fine.tail is not None

    @property
    def digits(self) -> int:
        """Number of decimal digits of the finer run."""
        return self._digits

    def path(self, steps: int) -> Path:
        """The path of so many updates."""
        while True:
            self._fine.extend(steps)
            self._coarse.extend(min(steps, self._fine.steps))
            fine = self._fine.offsets(steps)
            known = min(steps, self._fine.steps)
            apart = self._apart(fine, self._coarse.offsets(known), known + 1)
            lost = _first_lost(apart, fine.offset)
            wanted = self._wanted(lost, steps)
            if wanted is None:
                return self._as_path(fine, apart, steps)
            self._digits = wanted
            self._coarse = Orbit(self.experiment, wanted - MORE)
            self._fine = Orbit(self.experiment, wanted)

    def _wanted(self, lost: int | None, steps: int) -> int | None:
        """How many digits to try next; None if those at hand are enough, or more are too many."""
        most = max(DIGITS, MOST_DIGIT_STEPS // steps)
        if lost is None or self._digits >= most:
            return None
        # Digits are lost at a steady rate, if at all.
        return min(most, max(2 * self._digits, DIGITS + math.ceil(1.25 * self._digits * steps / max(lost, 1))))

    def _apart(self, fine: "Offsets", coarse: "Offsets", known: int) -> np.ndarray:
        """Difference of the two runs, (states,); after `known` states, given by a formula, relative to the offset."""
        origins = np.array([float(origin) for origin in self._fine.origins])
        mine, offset = fine.origin[:known], fine.offset[:known]
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.abs(offset - coarse.offset)
            other = mine != coarse.origin
            if other.any():
                away = (origins[mine] - origins[coarse.origin]) + (offset - coarse.offset)
                apart = np.where(other, np.abs(away), apart)
            apart[np.isfinite(offset) & np.isnan(apart)] = np.inf
            if known < len(fine.offset):
                lately = slice(max(known - LATELY, 0), known)
                share = apart[lately].max() / np.abs(offset[lately]).max() if apart[lately].any() else 0.0
                apart = np.concatenate(
                    [apart, share * np.abs(fine.offset[known:]) + share * fine.rounding[known:] / UNIT]
                )
        return np.asarray(apart)

    def _as_path(self, fine: "Offsets", apart: np.ndarray, steps: int) -> Path:
        origins = self._fine.origins
        with np.errstate(invalid="ignore", over="ignore"):
            w = np.array([float(origin) for origin in origins])[fine.origin] + fine.offset
            error = apart + fine.rounding
        # A sum that is absorbed has the sign of its origin, which is the right one.
        offsets = OffsetStates(
            origins=origins,
            origin=fine.origin[:, None],
            offset=fine.offset[:, None],
            error=np.where(np.isfinite(fine.offset), error, np.where(np.isfinite(apart), 0.0, np.inf))[:, None],
            exact=tuple(self._fine.exact[: steps + 1]),
            sides=half_parabolas(neuron_of(self.experiment.initial, self.experiment)),
        )
        return Path.of_w(self.experiment, w[:, None], fine.gradient[:, None], 0.0, offsets)


def _first_lost(apart: np.ndarray, offset: np.ndarray) -> int | None:
    """The first state at which the two runs differ too much, relative to the offset around it; None if none does."""
    with np.errstate(invalid="ignore"):
        size = np.abs(offset)
        envelope = np.maximum(size, np.append(size[1:], size[-1]))
        bad = apart > LOST * envelope
    return int(np.argmax(bad)) if bad.any() else None
