"""An axis of a picture: places of numbers on it, and round numbers to label it with."""

import math
from typing import NamedTuple

from compare.report.numbers import plain

__all__ = ["Axis"]

MOST_TICKS = 6


class Axis(NamedTuple):
    """From `low`, at the place `start`, to `high`, at the place `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a number is; the end next to it, if it is beyond.

        Examples
        --------
        >>> Axis(0.0, 4.0, 0.0, 100.0).place(1.0), Axis(0.01, 100.0, 0.0, 100.0, True).place(1.0)
        (25.0, 50.0)
        """
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Places and texts of a few round numbers, powers of ten on a logarithmic axis.

        Examples
        --------
        >>> Axis(-10.0, 1.0, 0.0, 110.0).ticks()
        ((0.0, '−10'), (50.0, '−5'), (100.0, '0'))
        """
        if self.logarithmic:
            first, last = (math.log10(end) for end in (self.low, self.high))
            every = max(1, math.ceil((last - first) / MOST_TICKS))
            powers = [n for n in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1) if n % every == 0]
            numbers = [float(f"1e{n}") for n in powers]
        else:
            step = self._step()
            numbers = [n * step for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]
        return tuple((self.place(number), plain(number)) for number in numbers)

    def _step(self) -> float:
        raw = (self.high - self.low) / (MOST_TICKS - 1)
        power = 10.0 ** math.floor(math.log10(raw))
        return next((factor * power for factor in (1, 2, 5) if factor * power >= raw), 10 * power)
