"""What a sweep is: an experiment, and the settings that take many values in it."""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from compare.surface.basins import RESOLUTION
from reference import Experiment, Parameters

__all__ = ["PER_MEMBER", "Axis", "Draw", "Sweep"]

# Settings of which each member of an ensemble may have its own; all others are looped over.
PER_MEMBER = frozenset(
    {f"initial.{name}" for name in Parameters._fields}
    | {"negative_slope", "optimizer.learning_rate", "optimizer.momentum"}
)


class Axis(NamedTuple):
    """The values that a setting takes, one after the other.

    Parameters
    ----------
    setting : str
        Such as "initial.w", "optimizer.learning_rate", "batch_size".
    values : tuple
    """

    setting: str
    values: tuple[Any, ...]


class Draw(NamedTuple):
    """The distribution that a setting is drawn from.

    Parameters
    ----------
    setting : str
    distribution : {"normal", "uniform", "log_uniform"}
    first, second : float
        Mean and standard deviation, or the ends of the interval.
    """

    setting: str
    distribution: str
    first: float
    second: float


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One experiment with many values of some settings.

    Parameters
    ----------
    name, says : str
    experiment : Experiment
        Of everything that has no axis.
    grid : tuple of Axis
        Every combination of their values is trained.
    number : int
        Of random starts, at each point of the grid the same; 0 if nothing is drawn.
    random_seed : int
    draws : tuple of Draw
    resolution : float
        How near to a critical point counts as there, see `compare.surface.basins`.
    """

    name: str
    says: str
    experiment: Experiment
    grid: tuple[Axis, ...] = ()
    number: int = 0
    random_seed: int = 0
    draws: tuple[Draw, ...] = ()
    resolution: float = RESOLUTION

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the grid's axes, then the number of random starts if there are any."""
        return (*(len(axis.values) for axis in self.grid), *((self.number,) if self.draws else ()))

    @property
    def size(self) -> int:
        """How many neurons are trained."""
        return math.prod(self.shape)

    @property
    def loops(self) -> tuple[Axis, ...]:
        """Axes of which every value needs a run of its own."""
        return tuple(axis for axis in self.grid if axis.setting not in PER_MEMBER)

    @property
    def ensemble(self) -> tuple[Axis, ...]:
        """Axes along which the members of a run differ."""
        return tuple(axis for axis in self.grid if axis.setting in PER_MEMBER)

    @property
    def key(self) -> str:
        """Hash of all that determines the numbers; name and description do not."""
        grid = [[axis.setting, list(axis.values)] for axis in self.grid]
        draws = [self.number, self.random_seed, [list(draw) for draw in self.draws]]
        text = json.dumps([repr(self.experiment), grid, draws, self.resolution], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def drawn(self) -> dict[str, np.ndarray]:
        """The random values of each drawn setting.

        Each setting has a stream of its own, so that another one beside it changes nothing.

        Examples
        --------
        >>> one, other = Draw("initial.w", "uniform", 2.0, 3.0), Draw("initial.b", "normal", 0.0, 1.0)
        >>> both = Sweep(name="a", says="", experiment=Experiment(), number=5, draws=(one, other)).drawn()
        >>> alone = Sweep(name="a", says="", experiment=Experiment(), number=5, draws=(one,)).drawn()
        >>> bool((both["initial.w"] == alone["initial.w"]).all()), bool((both["initial.w"] >= 2).all())
        (True, True)
        """
        return {draw.setting: _draw(draw, self.number, self.random_seed) for draw in self.draws}


def _draw(draw: Draw, number: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, *draw.setting.encode()])
    if draw.distribution == "normal":
        return draw.first + draw.second * rng.standard_normal(number)
    if draw.distribution == "uniform":
        return rng.uniform(draw.first, draw.second, number)
    logs = rng.uniform(math.log(draw.first), math.log(draw.second), number)
    values: np.ndarray = np.exp(logs)
    return values
