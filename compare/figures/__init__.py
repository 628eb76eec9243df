"""Pictures of runs, as matplotlib users expect functions that draw: Axes in, Axes out.

`loss_curve` and `close_up` draw the expected loss over w, `trajectory` loss and weight as
training goes on, `surface` the expected loss over (w, b), `basin_map` what becomes of
which starts, `functions` what neurons compute, `slope_figure` what the negative slope changes,
`animate` a run in motion; `write_gif` writes that, `draw_all` every picture of the report.
Throughout, blue and circles have learned, violet and triangles are on their way, vermillion and
squares are stuck, brown and crosses dead (`compare.theory.outcomes`); green is the target. By the loss
alone, `succeeded` says which runs neither face the wrong way nor are dead.
"""

from compare.figures.animation import animate
from compare.figures.basins import basin_map
from compare.figures.functions import functions
from compare.figures.gallery.draw import Picture, draw_all
from compare.figures.gif import write_gif
from compare.figures.landscape import surface
from compare.figures.loss_curve import close_up, loss_curve
from compare.figures.slope_study import slope_figure
from compare.figures.training_curves import trajectory
from compare.theory.success import succeeded

__all__ = [
    "Picture",
    "animate",
    "basin_map",
    "close_up",
    "draw_all",
    "functions",
    "loss_curve",
    "slope_figure",
    "succeeded",
    "surface",
    "trajectory",
    "write_gif",
]
