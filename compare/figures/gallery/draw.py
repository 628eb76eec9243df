"""Every picture of the report, from the runs of the source."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import matplotlib.style
from matplotlib.figure import Figure

from compare.figures import style
from compare.figures.gallery import scenes
from compare.figures.gallery.captions import Description
from compare.figures.gif import write_gif
from compare.figures.runs import single
from compare.question.experiments import shipped
from reference import Trajectory

__all__ = ["Picture", "draw_all", "draw_each", "draw_picture"]


class Picture(NamedTuple):
    """A picture file and the words that go with it.

    Parameters
    ----------
    name : str
        Unique, kebab-case; that of the file without its ending.
    path : Path
    alt : str
        What there is to be seen, for those who don't see it.
    caption : str
        One sentence, with the numbers of these very runs.
    """

    name: str
    path: Path
    alt: str
    caption: str


def draw_all(trajectories: Mapping[str, Trajectory], folder: Path | str) -> list[Picture]:
    """Draw every picture that the runs at hand allow, the one that opens the report first.

    Parameters
    ----------
    trajectories : mapping of str to Trajectory
        Runs under their ids in `compare.question.experiments.shipped`, every step recorded.
        Pictures of runs that are missing are left out.
    folder : path
        Existing folder to write PNG and GIF files to.

    Returns
    -------
    list of Picture

    Raises
    ------
    TypeError, ValueError
        If there are no trajectories, an id is unknown, or a run cannot be drawn.
    FileNotFoundError
        If the folder does not exist.
    """
    return list(draw_each(trajectories, folder))


def draw_each(trajectories: Mapping[str, Trajectory], folder: Path | str) -> Iterator[Picture]:
    """The same one by one, each drawn when it is asked for."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"draw_all: the folder {folder} does not exist")
    if not trajectories:
        raise ValueError("draw_all needs at least one trajectory, got none")
    known = [case.id for case in shipped()]
    for id, run in trajectories.items():
        if id not in known:
            raise ValueError(f"draw_all: there is no run {id!r}; there are {', '.join(known)}")
        single(run, f"draw_all ({id})")
    for scene in scenes.STILLS:
        picture = _draw(scene, trajectories, folder)
        if picture is not None:
            yield picture
    for name, id in scenes.FILMS.items():
        if id in trajectories:
            yield _film(name, trajectories[id], folder)


def _draw(scene: scenes.Still, trajectories: Mapping[str, Trajectory], folder: Path) -> Picture | None:
    runs = {id: trajectories[id] for id in scene.ids if id in trajectories}
    if not runs or (scene.needs_all and len(runs) < len(scene.ids)):
        return None
    return draw_picture(scene.name, folder, scene.size, lambda figure: scene.draw(figure, runs))


def draw_picture(name: str, folder: Path, size: tuple[float, float], draw: Callable[[Figure], Description]) -> Picture:
    """Draw a picture of a size in inches, and write it."""
    path = folder / f"{name}.png"
    with matplotlib.style.context("default"):  # nothing of a user's settings gets into the file
        figure = style.file_figure(size)
        alt, caption = draw(figure)
        style.save_png(figure, path)
    return Picture(name, path, alt, caption)


def _film(name: str, run: Trajectory, folder: Path) -> Picture:
    with matplotlib.style.context("default"):
        path = write_gif(run, folder / f"{name}.gif", frames=scenes.FRAMES, until=scenes.filmed_steps(run))
    return Picture(name, path, *scenes.describe_film(run))
