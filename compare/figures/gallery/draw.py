"""Every picture of the report, from the runs of the source."""

from collections.abc import Callable, Mapping
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

__all__ = ["Picture", "draw_all", "draw_picture", "draw_scene", "scenes_of"]


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
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"draw_all: the folder {folder} does not exist")
    if not trajectories:
        raise ValueError("draw_all needs at least one trajectory, got none")
    return [draw_scene(name, runs, folder) for name, runs in scenes_of(trajectories).items()]


def scenes_of(trajectories: Mapping[str, Trajectory]) -> dict[str, dict[str, Trajectory]]:
    """The names of all pictures that `draw_all` draws of these runs, in order, with the runs that each shows."""
    known = [case.id for case in shipped()]
    for id, run in trajectories.items():
        if id not in known:
            raise ValueError(f"draw_all: there is no run {id!r}; there are {', '.join(known)}")
        single(run, f"draw_all ({id})")
    found = {}
    for scene in scenes.STILLS:
        runs = {id: trajectories[id] for id in scene.ids if id in trajectories}
        if runs and not (scene.needs_all and len(runs) < len(scene.ids)):
            found[scene.name] = runs
    return found | {name: {id: trajectories[id]} for name, id in scenes.FILMS.items() if id in trajectories}


def draw_scene(name: str, runs: Mapping[str, Trajectory], folder: Path) -> Picture:
    """Draw one of the pictures of `scenes_of`, which needs none of the others, and may be drawn in any process."""
    if name in scenes.FILMS:
        return _film(name, runs[scenes.FILMS[name]], folder)
    (scene,) = (still for still in scenes.STILLS if still.name == name)
    return draw_picture(name, folder, scene.size, lambda figure: scene.draw(figure, runs))


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
