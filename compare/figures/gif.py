"""Animations as GIF files, fast: only what moves is drawn again, and one palette serves all."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from compare.figures.animation import FPS, draw_film, frame_steps
from reference import Trajectory

__all__ = ["write_gif"]

COLOURS = 48
LAST_FRAME_SECONDS = 2.0


def write_gif(
    run: Trajectory,
    path: Path | str,
    *,
    frames: int = 100,
    until: int | None = None,
    size: tuple[float, float] = (7.0, 3.2),
    dpi: int = 100,
) -> Path:
    """Write the animation of a run (see `compare.figures.animate`) as a GIF that loops.

    20 frames a second; the last one stays for two seconds. The same run gives the same
    bytes.

    Parameters
    ----------
    run : Trajectory
        A single run that trains w alone.
    path : path
    frames, until
        As for `animate`.
    size : pair of float
        Width and height in inches.
    dpi : int
        Pixels an inch.

    Returns
    -------
    Path

    Raises
    ------
    TypeError, ValueError
        As `animate` does.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from reference import Experiment, train
    >>> with TemporaryDirectory() as folder:
    ...     write_gif(train(Experiment(steps=300)), Path(folder) / "stuck.gif", frames=2).name
    'stuck.gif'
    """
    steps = frame_steps(run, frames, until, "write_gif")
    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    show = draw_film(figure, run, steps)
    images = _render(figure, show, len(steps))
    palette = _shared_palette(images)
    indexed = [Image.fromarray(image).quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    milliseconds = [1000 // FPS] * (len(steps) - 1) + [round(1000 * LAST_FRAME_SECONDS)]
    indexed[0].save(path, save_all=True, append_images=indexed[1:], duration=milliseconds, loop=0, optimize=True)
    return Path(path)


def _render(figure: Figure, show: Callable[[int], Sequence[Artist]], frames: int) -> list[np.ndarray]:
    """RGB of every frame: the still parts once, the moving ones on a copy of them."""
    canvas: Any = FigureCanvasAgg(figure)  # whose methods matplotlib does not annotate
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    images = []
    for frame in range(frames):
        canvas.restore_region(background)
        for artist in show(frame):
            figure.draw_artist(artist)
        images.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return images


def _shared_palette(images: list[np.ndarray]) -> Image.Image:
    """An image with the most frequent colours of the first, the middle and the last frame as its palette.

    Of colours that share the upper five bits of each channel only the most frequent is
    taken: Pillow decides the nearest for cells of colours, and white has to stay white.
    """
    few = np.concatenate([images[0], images[len(images) // 2], images[-1]]).reshape(-1, 3).astype(np.uint32)
    colours, counts = np.unique(few[:, 0] << 16 | few[:, 1] << 8 | few[:, 2], return_counts=True)
    by_frequency = colours[np.argsort(-counts, kind="stable")]
    _, first_of_cell = np.unique(by_frequency & 0xF8F8F8, return_index=True)
    frequent = by_frequency[np.sort(first_of_cell)[:COLOURS]]
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(level) for colour in frequent for level in (colour >> 16, colour >> 8 & 255, colour & 255)])
    return palette
