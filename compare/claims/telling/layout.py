"""Tables that become lists where a terminal is too narrow for them."""

import textwrap
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["ByWidth", "folded_at_hyphens", "wrapped"]


class ByWidth:
    """A rich renderable: `wide` from a width of `least` on, else `narrow`; both are made for the width there is."""

    def __init__(self, least: int, wide: Callable[[int], Any], narrow: Callable[[int], Any]) -> None:
        self.least, self.wide, self.narrow = least, wide, narrow

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        width = options.max_width
        yield self.wide(width) if width >= self.least else self.narrow(width)


def folded_at_hyphens(id: str, width: int) -> str:
    r"""An id in lines of a width, broken behind hyphens only; what has none stays whole.

    Examples
    --------
    >>> folded_at_hyphens("momentum-from-1-gets-across", 16)
    'momentum-from-1-\ngets-across'
    """
    lines = [""]
    for part in id.replace("-", "-\0").split("\0"):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def wrapped(text: str, width: int) -> str:
    r"""A text in lines of a width, in which a name and its number stay together.

    Examples
    --------
    >>> wrapped("It starts from w = -10 here.", 16)
    'It starts from\nw = -10 here.'
    """
    glued = text.replace(" = ", "\0=\0")
    wrapper = textwrap.TextWrapper(max(width, 1), break_long_words=False, break_on_hyphens=False)
    return "\n".join(wrapper.wrap(glued)).replace("\0", " ")
