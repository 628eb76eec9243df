"""Build a sweep from tables of the right structure, and list the mistakes in their values."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from compare.claims.reading.experiments import KERAS_ONLY, build_experiment
from compare.claims.reading.structure import MISSING, Mistake, nearest
from compare.surface.basins import RESOLUTION
from compare.sweep.settings import INTEGERS, changed, setting_names
from compare.sweep.values import PER_MEMBER, Axis, Draw, Sweep
from reference import OPTIMIZERS, Experiment, Optimizer, Parameters

__all__ = ["Builder"]

LARGEST = 2**24  # neurons; their results take about 60 bytes each
MOST_VALUES = 100_000  # of an axis
MOST_LOOPS = 10_000  # runs, each on its own
MOST_PROBLEMS = 10_000  # of finding critical points, up to 0.2 s each
FARTHEST = 1e6  # from 0 that a distribution may reach
NO_SETTINGS = {("random", "number"), ("random", "seed")}  # what stands beside them


class Builder:
    """Builds a sweep from the table under "sweep", and collects what is wrong with it.

    The `broken` keys, such as "sweep.grid.steps", do not fit the schema, and are passed over.
    """

    def __init__(self, table: Mapping[str, Any], broken: frozenset[str] = frozenset()) -> None:
        self.table = table
        self.broken = broken
        self.experiment = Experiment()
        self.mistakes: list[Mistake] = []

    def sweep(self) -> Sweep | None:
        """Return the sweep, or None if there are mistakes."""
        if self._is_broken("sweep.experiment"):
            return None
        given = self.table.get("experiment", {})
        experiment, mistakes = build_experiment(given, Experiment(), "sweep.experiment")
        self.mistakes += mistakes
        if experiment is None:
            return None
        self.experiment = experiment
        on_grid, at_random = self._part("grid"), self._part("random")
        if "random" in self.table and not at_random and not self.broken:
            self._wrong("sweep.random", MISSING, "needs at least one setting to draw")
        names = setting_names(self._optimizers(on_grid, given))
        grid = [self._axis(name, value, names) for name, value in on_grid.items()]
        draws = [self._drawn(name, value) for name, value in at_random.items()]
        if not on_grid and not at_random and not self.broken:
            self._wrong("sweep.grid", MISSING, 'is missing; a sweep needs "grid", "random" or both')
        for name in on_grid.keys() & at_random.keys():
            self._wrong(f"sweep.random.{name}", MISSING, "must not be drawn and on the grid too")
        if self.mistakes or self.broken:
            return None
        random = self.table.get("random", {})
        sweep = Sweep(
            name=self.table["name"],
            says=" ".join(self.table.get("says", "").split()),
            experiment=experiment,
            grid=tuple(axis for axis in grid if axis is not None),
            number=random.get("number", 0),
            random_seed=random.get("seed", 0),
            draws=tuple(draw for draw in draws if draw is not None),
            resolution=self.table.get("resolution", RESOLUTION),
        )
        self._check_together(sweep)
        return None if self.mistakes else sweep

    def _wrong(self, key: str, value: Any, allowed: str) -> None:
        self.mistakes.append(Mistake(key, value, allowed))

    def _is_broken(self, key: str) -> bool:
        return any(one == key or one.startswith((f"{key}.", f"{key}[")) for one in self.broken)

    def _part(self, part: str) -> dict[str, Any]:
        """Settings under "grid" or "random" that have the right structure."""
        table = {} if f"sweep.{part}" in self.broken else self.table.get(part, {})
        fine = {name: value for name, value in table.items() if not self._is_broken(f"sweep.{part}.{name}")}
        return {name: value for name, value in fine.items() if (part, name) not in NO_SETTINGS}

    def _optimizers(self, grid: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[type[Optimizer], ...]:
        names = grid.get("optimizer.name")
        if not isinstance(names, list) or not all(isinstance(name, str) and name in OPTIMIZERS for name in names):
            return (type(self.experiment.optimizer),)  # what is wrong with it is said with the axis
        if "optimizer" in given:
            allowed = 'must not stand beside an axis "optimizer.name"; put its settings on the grid, as lists of one'
            self._wrong("sweep.experiment.optimizer", given["optimizer"], allowed)
        return tuple(OPTIMIZERS[name] for name in names)

    def _axis(self, name: str, given: Any, names: list[str]) -> Axis | None:
        where = f"sweep.grid.{name}"
        if name not in names:
            self._wrong(where, given, _unknown(name, names, "varied"))
            return None
        if name == "optimizer.name":
            for wrong in (value for value in given if value not in OPTIMIZERS):
                self._wrong(where, wrong, "unknown optimizer; " + nearest(wrong, OPTIMIZERS))
        if isinstance(given, list) and not 1 <= len(given) <= MOST_VALUES:
            self._wrong(where, MISSING, f"must have 1 to {MOST_VALUES:,} values, has {len(given):,}")
            return None
        values = given if isinstance(given, list) else self._spaced(where, given, name in INTEGERS)
        if values is None:
            return None
        if len(set(map(repr, values))) < len(values):
            self._wrong(where, given, "must have no value twice")
        if not self._values_fit(name, values, given):
            return None
        return Axis(name, tuple(float(v) if name in PER_MEMBER else v for v in values))

    def _values_fit(self, name: str, values: list[Any], given: Any) -> bool:
        """Whether an experiment takes each value; settings of optimizers are checked with their optimizer."""
        where = f"sweep.grid.{name}"
        if name in PER_MEMBER:
            if not all(type(value) in (int, float) for value in values):
                self._wrong(where, given, "must be numbers")
                return False
            together = {} if name.startswith("optimizer.") else {name: np.array(values, np.float64)}
            return self._fits(where, given, together)
        if len(values) > MOST_LOOPS:
            allowed = f"must have at most {MOST_LOOPS:,} values, each of which is a run of its own, has {len(values):,}"
            self._wrong(where, MISSING, allowed)
            return False
        if name.startswith("optimizer."):
            return True
        return all(self._fits(where, value, {name: value}) for value in values)

    def _fits(self, where: str, shown: Any, settings: Mapping[str, Any]) -> bool:
        try:
            changed(self.experiment, settings)
        except (ValueError, TypeError) as error:
            setting = where.removeprefix("sweep.grid.")
            self._wrong(where, shown, str(error).removeprefix(f"Experiment.{setting} "))
            return False
        return True

    def _spaced(self, where: str, given: Mapping[str, Any], integers: bool) -> list[Any] | None:
        """The values of a table with "from", "to" and "number"."""
        first, last, number = float(given["from"]), float(given["to"]), given["number"]
        if not first < last:
            self._wrong(where, given, "must go from a smaller to a larger number")
        elif not math.isfinite(last - first):
            self._wrong(where, given, "must go no farther than 1.7e308, which float64 holds")
        elif given.get("spacing") == "log" and not first > 0:
            self._wrong(f"{where}.from", given["from"], "must be above 0 for log spacing")
        else:
            spaced = np.geomspace if given.get("spacing") == "log" else np.linspace
            values: list[float] = spaced(first, last, number).tolist()
            return [round(value) for value in values] if integers else values
        return None

    def _drawn(self, name: str, given: Mapping[str, Any]) -> Draw | None:
        where = f"sweep.random.{name}"
        names = [one for one in setting_names((type(self.experiment.optimizer),)) if one in PER_MEMBER]
        if name not in names:
            self._wrong(where, given, _unknown(name, names, "drawn"))
            return None
        ((distribution, (first, second)),) = given.items()
        allowed = None
        if distribution == "normal" and not second > 0:
            allowed = "must have a standard deviation above 0"
        elif distribution != "normal" and not first < second:
            allowed = "must go from a smaller to a larger number"
        elif distribution == "log_uniform" and not first > 0:
            allowed = "must lie above 0"
        elif not (abs(first) <= FARTHEST and abs(second) <= FARTHEST):
            allowed = f"must lie within {FARTHEST:g} of 0"
        if allowed:
            self._wrong(f"{where}.{distribution}", [first, second], allowed)
            return None
        return Draw(name, distribution, float(first), float(second))

    def _check_together(self, sweep: Sweep) -> None:
        """Check what single settings do not show: sizes, and combinations of settings that are refused."""
        loops, problems = (math.prod(len(axis.values) for axis in axes) for axes in (sweep.loops, _problems(sweep)))
        for count, most, what in (
            (sweep.size, LARGEST, "neurons"),
            (loops, MOST_LOOPS, "runs of their own"),
            (problems, MOST_PROBLEMS, "combinations of slopes and of starts that are not trained"),
        ):
            if count > most:
                self._wrong("sweep", MISSING, f"must have at most {most:,} {what}, has {count:,}")
        if self.mistakes:
            return
        members: dict[str, Any] = {axis.setting: np.array(axis.values) for axis in sweep.ensemble} | sweep.drawn()
        for values in itertools.product(*(axis.values for axis in sweep.loops)):
            looped = dict(zip((axis.setting for axis in sweep.loops), values, strict=True))
            for setting, array in (members or {"": None}).items():
                try:
                    changed(sweep.experiment, looped | ({setting: array} if setting else {}))
                except (ValueError, TypeError) as error:
                    of_optimizer = [name for name in looped if name.startswith("optimizer.")]
                    where = setting or ", ".join(of_optimizer or looped)
                    self._wrong(f"sweep: {where}", MISSING, _refusal(error, looped))
                    return


def _refusal(error: Exception, looped: Mapping[str, Any]) -> str:
    """Error message of an experiment or optimizer; for an unknown setting, one that names it in place of Python's."""
    text = " ".join(str(error).split())
    if "unexpected keyword argument" not in text:
        return text
    return f"{looped.get('optimizer.name', 'the optimizer')} has no setting {text.rpartition(' ')[2]}"


def _unknown(name: str, names: list[str], what: str) -> str:
    """Message on a setting that does not exist, or cannot be varied or drawn."""
    group, _, setting = name.rpartition(".")
    if group == "optimizer" and setting in KERAS_ONLY:
        return "is an argument of Keras that is not supported here; allowed: " + ", ".join(f'"{one}"' for one in names)
    return f"cannot be {what}; {nearest(name, names)}"


def _problems(sweep: Sweep) -> list[Axis]:
    """Axes whose values each have critical points of their own."""
    fixed = {f"initial.{name}" for name in Parameters._fields if name not in sweep.experiment.trainable}
    axes = [axis for axis in sweep.ensemble if axis.setting in fixed | {"negative_slope"}]
    if any(draw.setting in fixed | {"negative_slope"} for draw in sweep.draws):
        axes.append(Axis("drawn", (0.0,) * sweep.number))
    return axes
