"""How every picture looks: one colour a meaning, one size of type, one grid.

Blue, vermillion and green are Okabe and Ito's (2008, "Color Universal Design"); the colours of the
outcomes differ in lightness too, and markers, hatching and line style repeat what they say.
Ink is dark on nothing: a page that is dark inverts the lightness and keeps the hues. Everything
is set on the artists themselves, so a user's rcParams neither change nor matter.
"""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = [
    "CURVE",
    "DPI",
    "INK",
    "LINES",
    "LOOKS",
    "QUIET",
    "SMALL_SIZE",
    "TARGET",
    "TEXT_BOX",
    "TEXT_SIZE",
    "WIDTH",
    "Look",
    "dress",
    "file_figure",
    "legend",
    "legend_above",
    "mark_minimum",
    "new_figure",
    "nth_of_its_outcome",
    "number",
    "rounded",
    "save_png",
]


class Look(NamedTuple):
    """What an outcome looks like: in any picture, as a point, in a map, as a path."""

    colour: str
    marker: str
    hatch: str
    line: Any


TARGET = "#009E73"  # bluish green: the teacher, and the minimum of the expected loss
CURVE = "#404040"  # the expected loss
INK = "#202020"
QUIET = "#6E6E6E"  # remarks, helping lines
GRID = "#808080"

LOOKS = MappingProxyType(  # by `compare.theory.outcomes.OUTCOMES`
    {
        "learned": Look("#0072B2", "o", "", "-"),
        "on its way": Look("#AF84CB", ">", "", (0, (7, 1.5))),
        "stuck": Look("#D55E00", "s", "//", (0, (4, 1.5))),
        "dead": Look("#7A2400", "X", "xx", (0, (2, 1))),
        "diverged": Look(INK, "P", "..", ":"),
    }
)
LINES = ("-", "--", "-.", ":")  # of several runs with one outcome
FILLS = ("full", "none", "left", "top")
MINUS = "\N{MINUS SIGN}"
TEXT_SIZE = 10.0
SMALL_SIZE = 9.5  # of ticks, legends and remarks: the smallest there is
WIDTH = 4.2  # inches, of a picture in the report: where a phone shows it 358 pixels wide, small type has 11
DPI = 200  # sharp where a page shows 4.2 inches on 420 to 560 pixels
TEXT_BOX = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.6}


def nth_of_its_outcome(outcomes: Sequence[str]) -> list[int]:
    """How many before each have the same outcome: what their lines and fillings are told apart by.

    Examples
    --------
    >>> nth_of_its_outcome(["stuck", "learned", "stuck"])
    [0, 0, 1]
    """
    return [outcomes[:i].count(outcome) for i, outcome in enumerate(outcomes)]


def new_figure(width: float = 7.0, height: float = 4.0) -> Figure:
    """Make a figure of pyplot's, which notebooks show by themselves; it is the caller's to close."""
    from matplotlib import pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained", facecolor="white")


def file_figure(size: tuple[float, float], background: str = "none") -> Figure:
    """Make a figure, of a size in inches, that pyplot does not know: to be written by `save_png`.

    By default it is transparent, for a page of any colour.
    """
    return Figure(figsize=size, dpi=DPI, layout="constrained", facecolor=background)


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure with Agg, whatever the backend; the same figure gives the same bytes."""
    canvas: Any = FigureCanvasAgg(figure)  # whose methods matplotlib does not annotate
    canvas.print_png(path, metadata={"Software": None})


def dress(ax: Axes, *, xlabel: str = "", ylabel: str = "", title: str = "", grid: bool = True) -> None:
    """Give axes their labels, grid and type size."""
    ax.set_facecolor("none")
    ax.set_xlabel(xlabel, fontsize=TEXT_SIZE, color=INK)
    ax.set_ylabel(ylabel, fontsize=TEXT_SIZE, color=INK)
    if title:
        ax.set_title(title, fontsize=TEXT_SIZE + 1, color=INK, loc="left")
    ax.grid(True, color=GRID, linewidth=0.8, linestyle="-", alpha=0.25)
    ax.grid(grid)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=SMALL_SIZE, color=QUIET, labelcolor=INK)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(QUIET)


def mark_minimum(ax: Axes, at: tuple[float, float], size: float, *, least: bool = True, **options: Any) -> None:
    """Put the star of a minimum at a point of the picture: hollow if another one is lower."""
    filled = {"color": TARGET, "markeredgecolor": "white"}
    hollow = {"color": "white", "markeredgecolor": INK, "markeredgewidth": 1.4}
    ax.plot(*at, marker="*", markersize=size, linestyle="", **(filled if least else hollow), **options)


def legend(ax: Axes, **options: Any) -> None:
    """Name what has a label, or the `handles` among the options, unless there is nothing."""
    if "handles" in options or ax.get_legend_handles_labels()[0]:
        settings = {"fontsize": SMALL_SIZE, "framealpha": 0.6, "edgecolor": "none", "facecolor": "white"}
        ax.legend(**(settings | options))


def legend_above(figure: Figure, ax: Axes, **options: Any) -> None:
    """Name what has a label in these axes above all axes, where it hides nothing."""
    handles, labels = ax.get_legend_handles_labels()
    inside = ax.get_legend()
    if inside is not None:
        inside.remove()
    settings = {"fontsize": SMALL_SIZE, "frameon": False, "borderpad": 0.0, "alignment": "left"}
    figure.legend(handles, labels, loc="outside upper left", **(settings | options))


def rounded(value: float) -> str:
    """Write a number with at most three decimals, zero without a minus sign.

    Examples
    --------
    >>> rounded(-0.0001), rounded(-0.91743)
    ('0', '−0.917')
    """
    return number(round(float(value), 3) + 0.0, digits=6)


def number(value: float, digits: int = 3) -> str:
    """Write a number with so many digits and a true minus sign, as the report does.

    Examples
    --------
    >>> number(-1.864e-8), number(-10.0)
    ('−1.86e−8', '−10')
    """
    mantissa, is_power, power = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(power)}".replace("-", MINUS) if is_power else mantissa.replace("-", MINUS)
