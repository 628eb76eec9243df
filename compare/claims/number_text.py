"""Numbers as everything that people read shows them."""

import math
from collections.abc import Sequence

__all__ = ["counted", "shown", "times_rounding", "told_apart", "written_out"]

DIGITS = 4
COMMAS_UP_TO = 1e6  # numbers that are not whole, in four digits; beyond that in powers of ten


def shown(number: float) -> str:
    """A number as everything that people read shows it: whole ones with commas and no point, others in four digits.

    Zero has no sign.

    Examples
    --------
    >>> shown(2000.0), shown(0.8100123), shown(-1.8637566e-08), shown(-0.0), shown(3325.26)
    ('2,000', '0.81', '-1.864e-08', '0', '3,325')
    """
    whole = math.isfinite(number) and number == int(number) and abs(number) < 1e9
    return f"{number:z,.0f}" if whole or 1000 <= abs(number) < COMMAS_UP_TO else f"{number:.4g}"


def told_apart(numbers: Sequence[float]) -> list[str]:
    """Numbers as `shown`, or in as many digits as tell them from one another.

    Examples
    --------
    >>> told_apart([0.5, 2000.0]), told_apart([0.028201, 0.028204])
    (['0.5', '2,000'], ['0.028201', '0.028204'])
    """
    texts = [shown(number) for number in numbers]
    for digits in range(DIGITS + 1, 18):
        if len(set(texts)) == len(set(numbers)):
            break
        texts = [f"{number:.{digits}g}" for number in numbers]
    return texts


def written_out(number: float) -> str:
    """A number that somebody wrote, in all its digits.

    Examples
    --------
    >>> written_out(2000.0), written_out(1e-12), written_out(0.66666667), written_out(-10.0)
    ('2,000', '1e-12', '0.66666667', '-10')
    """
    whole = math.isfinite(number) and number == int(number) and abs(number) < 1e9
    short = f"{number:zg}"
    return f"{number:z,.0f}" if whole else short if float(short) == number else repr(number)


def counted(number: int, noun: str) -> str:
    """A number of things, with the noun in the singular or plural.

    Examples
    --------
    >>> counted(1, "crossing"), counted(4096, "start")
    ('1 crossing', '4,096 starts')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def times_rounding(worst: float) -> str:
    """A difference over its bound: a percentage of what rounding allows, or a multiple of it.

    Examples
    --------
    >>> times_rounding(0.0084), times_rounding(1.0), times_rounding(19612.3)
    ('0.84 % of what rounding allows', '100 % of what rounding allows', '19,600 times what rounding allows')
    >>> times_rounding(1.0000001)
    'just above what rounding allows'
    """
    if worst <= 1:
        return f"{shown(float(f'{100 * worst:.2g}'))} % of what rounding allows"
    if not math.isfinite(worst):
        return "beyond any bound"
    times = shown(float(f"{worst:.3g}"))
    return "just above what rounding allows" if times == "1" else f"{times} times what rounding allows"
