"""One way to write numbers, everywhere on the page: that of script/numbers.js."""

import math

__all__ = ["count", "plain"]

SMALLEST, LARGEST = 1e-3, 1e6  # beyond, powers of ten


def plain(value: float, digits: int = 3) -> str:
    """A number in few characters: digits that count, commas between thousands, a true minus sign, never -0.

    Examples
    --------
    >>> [plain(x) for x in (1234.5, 0.5, -0.0, 1.864e-8, 1e-3, 12345678.0, float("inf"))]
    ['1,230', '0.5', '0', '1.86e−8', '0.001', '1.23e7', 'infinity']
    >>> plain(-10)
    '−10'
    """
    if not math.isfinite(value):
        text = "not a number" if math.isnan(value) else "infinity" if value > 0 else "-infinity"
        return _with_minus(text)
    rounded = float(f"{value:.{digits - 1}e}")
    size = abs(rounded)
    if size == 0:
        return "0"
    if size < SMALLEST or size >= LARGEST:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
    else:
        text = f"{size:,.{max(0, digits)}f}" if size == int(size) else f"{size:,.10f}"
        text = text.rstrip("0").rstrip(".")
    return _with_minus(f"-{text}" if rounded < 0 else text)


def count(value: int) -> str:
    """A whole number with commas between thousands.

    Examples
    --------
    >>> count(2000)
    '2,000'
    """
    return f"{value:,}"


def _with_minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
