"""How every picture looks: one colour a meaning, one size of type, one grid.

The colours are Okabe and Ito's (2008, "Color Universal Design"), which people with
colour-blindness tell apart; marker and line style repeat what the colour says. Everything
is set on the artists themselves, so a user's rcParams neither change nor matter.
"""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = [
    "CURVE",
    "DPI",
    "FAILURE",
    "INK",
    "MARKERS",
    "QUIET",
    "SUCCESS",
    "TARGET",
    "TEXT_BOX",
    "TEXT_SIZE",
    "UNDECIDED",
    "colour",
    "dress",
    "file_figure",
    "legend",
    "mark_minimum",
    "new_figure",
    "rounded",
    "save_png",
]

SUCCESS = "#0072B2"  # blue: a run that ends at what it should learn
FAILURE = "#D55E00"  # vermillion: a run that does not
UNDECIDED = "#7A4E8A"  # a run of which neither can be told
TARGET = "#009E73"  # bluish green: the teacher, and the minimum of the expected loss
CURVE = "#404040"  # the expected loss
INK = "#202020"
QUIET = "#6E6E6E"  # remarks, helping lines
GRID = "#E2E2E2"

MARKERS = ("o", "s", "^", "D", "v", "P")
TEXT_SIZE = 10.0
DPI = 150  # 7 inches make 1050 pixels: sharp where a README shows 830
TEXT_BOX = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def colour(succeeded: bool | None) -> str:
    """Colour of a run by what became of it; None is a run of which it cannot be told.

    Examples
    --------
    >>> colour(True) == SUCCESS, colour(False) == FAILURE, colour(None) == UNDECIDED
    (True, True, True)
    """
    if succeeded is None:
        return UNDECIDED
    return SUCCESS if succeeded else FAILURE


def new_figure(width: float = 7.0, height: float = 4.0) -> Figure:
    """Make a figure of pyplot's, which notebooks show by themselves; it is the caller's to close."""
    from matplotlib import pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained", facecolor="white")


def file_figure(size: tuple[float, float]) -> Figure:
    """Make a figure, of a size in inches, that pyplot does not know: to be written by `save_png`."""
    return Figure(figsize=size, dpi=DPI, layout="constrained", facecolor="white")


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure with Agg, whatever the backend; the same figure gives the same bytes."""
    canvas: Any = FigureCanvasAgg(figure)  # whose methods matplotlib does not annotate
    canvas.print_png(path, metadata={"Software": None})


def dress(ax: Axes, *, xlabel: str = "", ylabel: str = "", title: str = "", grid: bool = True) -> None:
    """Give axes their labels, grid and type size."""
    ax.set_facecolor("white")
    ax.set_xlabel(xlabel, fontsize=TEXT_SIZE, color=INK)
    ax.set_ylabel(ylabel, fontsize=TEXT_SIZE, color=INK)
    if title:
        ax.set_title(title, fontsize=TEXT_SIZE + 1, color=INK, loc="left")
    ax.grid(True, color=GRID, linewidth=0.8, linestyle="-", alpha=1.0)
    ax.grid(grid)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=TEXT_SIZE - 1, color=QUIET, labelcolor=INK)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(QUIET)


def mark_minimum(ax: Axes, at: tuple[float, float], size: float, **options: Any) -> None:
    """Put the star of the minimum at a point of the picture."""
    ax.plot(*at, marker="*", markersize=size, color=TARGET, markeredgecolor="white", linestyle="", **options)


def legend(ax: Axes, **options: Any) -> None:
    """Name what has a label, or the `handles` among the options, unless there is nothing."""
    if "handles" in options or ax.get_legend_handles_labels()[0]:
        settings = {"fontsize": TEXT_SIZE - 1, "framealpha": 0.9, "edgecolor": "none", "facecolor": "white"}
        ax.legend(**(settings | options))


def rounded(value: float) -> str:
    """Write a number with at most three decimals, zero without a minus sign.

    Examples
    --------
    >>> rounded(-0.0001), rounded(0.91743)
    ('0', '0.917')
    """
    return f"{round(float(value), 3) + 0.0:g}"
