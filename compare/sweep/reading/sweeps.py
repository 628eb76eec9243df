"""From tables of the right structure to a sweep, and what in them makes no sense."""

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
from reference import OPTIMIZERS, Experiment, Parameters

__all__ = ["LARGEST", "Builder"]

LARGEST = 2**24  # neurons; their results take about 60 bytes each
MOST_VALUES = 100_000  # of an axis
MOST_LOOPS = 10_000  # runs, each on its own
MOST_PROBLEMS = 10_000  # of finding critical points, up to 0.2 s each


class Builder:
    """Builds a sweep and collects what is wrong with it.

    Parameters
    ----------
    table : mapping
        What stands under "sweep".
    broken : frozenset of str
        Keys, such as "sweep.grid.steps", that do not fit the schema; they are passed over.
    """

    def __init__(self, table: Mapping[str, Any], broken: frozenset[str] = frozenset()) -> None:
        self.table = table
        self.broken = broken
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
        grid_table, random_table = self._tables()
        kinds = self._optimizers(grid_table, given, experiment)
        names = setting_names(kinds)
        grid = [self._axis(name, value, names, experiment) for name, value in grid_table.items()]
        draws = [self._drawn(name, value, experiment) for name, value in random_table.items()]
        if not grid_table and not random_table and not self.broken:
            self.mistakes.append(Mistake("sweep.grid", MISSING, 'is missing; a sweep needs "grid", "random" or both'))
        for name in grid_table.keys() & random_table.keys():
            self.mistakes.append(Mistake(f"sweep.random.{name}", MISSING, "must not be drawn and on the grid too"))
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

    def _is_broken(self, key: str) -> bool:
        return any(one == key or one.startswith((f"{key}.", f"{key}[")) for one in self.broken)

    def _tables(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Axes and drawn settings, as far as they have the right structure."""
        parts = []
        for part in ("grid", "random"):
            table = self.table.get(part, {}) if f"sweep.{part}" not in self.broken else {}
            table = table if isinstance(table, dict) else {}
            fine = {name: value for name, value in table.items() if not self._is_broken(f"sweep.{part}.{name}")}
            parts.append({name: value for name, value in fine.items() if (part, name) not in _NO_SETTINGS})
        if "random" in self.table and not parts[1] and not self.broken:
            self.mistakes.append(Mistake("sweep.random", MISSING, "needs at least one setting to draw"))
        return parts[0], parts[1]

    def _optimizers(self, grid: Mapping[str, Any], given: Mapping[str, Any], experiment: Experiment) -> Any:
        names = grid.get("optimizer.name")
        if not isinstance(names, list) or not all(isinstance(name, str) and name in OPTIMIZERS for name in names):
            return (type(experiment.optimizer),)  # what is wrong with it is said with the axis
        if "optimizer" in given:
            wanted = 'must not stand beside an axis "optimizer.name"; put its settings on the grid, as lists of one'
            self.mistakes.append(Mistake("sweep.experiment.optimizer", given["optimizer"], wanted))
        return tuple(OPTIMIZERS[name] for name in names)

    def _axis(self, name: str, given: Any, names: list[str], experiment: Experiment) -> Axis | None:
        where = f"sweep.grid.{name}"
        if name not in names:
            self.mistakes.append(Mistake(where, given, _unknown(name, names, "varied")))
            return None
        if name == "optimizer.name":
            for wrong in (value for value in given if value not in OPTIMIZERS):
                self.mistakes.append(Mistake(where, wrong, "unknown optimizer; " + nearest(wrong, OPTIMIZERS)))
        if isinstance(given, list) and not 1 <= len(given) <= MOST_VALUES:
            self.mistakes.append(Mistake(where, MISSING, f"must have 1 to {MOST_VALUES:,} values, has {len(given):,}"))
            return None
        values = given if isinstance(given, list) else self._spaced(where, given, name in INTEGERS)
        if values is None:
            return None
        if len(set(map(repr, values))) < len(values):
            self.mistakes.append(Mistake(where, given, "must have no value twice"))
        if not self._values_fit(name, values, given, experiment):
            return None
        return Axis(name, tuple(float(v) if name in PER_MEMBER else v for v in values))

    def _values_fit(self, name: str, values: list[Any], given: Any, experiment: Experiment) -> bool:
        """Whether an experiment takes each value; settings of optimizers are checked with their optimizer."""
        where = f"sweep.grid.{name}"
        if name in PER_MEMBER:
            if not all(_is_number(value) for value in values):
                self.mistakes.append(Mistake(where, given, "must be numbers"))
                return False
            together = {} if name.startswith("optimizer.") else {name: np.array(values, np.float64)}
            return self._fits(where, given, experiment, together)
        if len(values) > MOST_LOOPS:
            wanted = f"must have at most {MOST_LOOPS:,} values, each of which is a run of its own, has {len(values):,}"
            self.mistakes.append(Mistake(where, MISSING, wanted))
            return False
        if name.startswith("optimizer."):
            return True
        return all(self._fits(where, value, experiment, {name: value}) for value in values)

    def _spaced(self, where: str, given: Mapping[str, Any], integers: bool) -> list[Any] | None:
        first, last, number = float(given["from"]), float(given["to"]), given["number"]
        if not first < last:
            self.mistakes.append(Mistake(where, dict(given), "must go from a smaller to a larger number"))
            return None
        if not math.isfinite(last - first):
            self.mistakes.append(Mistake(where, dict(given), "must go no farther than 1.7e308, which float64 holds"))
            return None
        if given.get("spacing") == "log":
            if not first > 0:
                self.mistakes.append(Mistake(f"{where}.from", given["from"], "must be above 0 for log spacing"))
                return None
            values = np.geomspace(first, last, number)
        else:
            values = np.linspace(first, last, number)
        return [round(value) for value in values.tolist()] if integers else values.tolist()

    def _drawn(self, name: str, given: Mapping[str, Any], experiment: Experiment) -> Draw | None:
        where = f"sweep.random.{name}"
        allowed = [one for one in setting_names((type(experiment.optimizer),)) if one in PER_MEMBER]
        if name not in allowed:
            self.mistakes.append(Mistake(where, dict(given), _unknown(name, allowed, "drawn")))
            return None
        ((distribution, (first, second)),) = given.items()
        wrong = None
        if distribution == "normal" and not second > 0:
            wrong = "must have a standard deviation above 0"
        elif distribution != "normal" and not first < second:
            wrong = "must go from a smaller to a larger number"
        elif distribution == "log_uniform" and not first > 0:
            wrong = "must lie above 0"
        elif not (abs(first) <= _FARTHEST and abs(second) <= _FARTHEST):
            wrong = f"must lie within {_FARTHEST:g} of 0"
        if wrong:
            self.mistakes.append(Mistake(f"{where}.{distribution}", [first, second], wrong))
            return None
        return Draw(name, distribution, float(first), float(second))

    def _fits(self, where: str, shown: Any, experiment: Experiment, settings: Mapping[str, Any]) -> bool:
        try:
            changed(experiment, settings)
        except (ValueError, TypeError) as error:
            setting = where.removeprefix("sweep.grid.")
            self.mistakes.append(Mistake(where, shown, str(error).removeprefix(f"Experiment.{setting} ")))
            return False
        return True

    def _check_together(self, sweep: Sweep) -> None:
        """What single settings do not show: sizes, and settings that do not go with one another."""
        loops, problems = (math.prod(len(axis.values) for axis in axes) for axes in (sweep.loops, _problems(sweep)))
        for count, most, what in (
            (sweep.size, LARGEST, "neurons"),
            (loops, MOST_LOOPS, "runs of their own"),
            (problems, MOST_PROBLEMS, "combinations of slopes and of starts that are not trained"),
        ):
            if count > most:
                self.mistakes.append(Mistake("sweep", MISSING, f"must have at most {most:,} {what}, has {count:,}"))
        if self.mistakes:
            return
        members: dict[str, Any] = {axis.setting: np.array(axis.values) for axis in sweep.ensemble}
        members |= {draw.setting: sweep.drawn()[draw.setting] for draw in sweep.draws}
        for values in itertools.product(*(axis.values for axis in sweep.loops)):
            looped = dict(zip((axis.setting for axis in sweep.loops), values, strict=True))
            for setting, array in (members or {"": None}).items():
                try:
                    changed(sweep.experiment, looped | ({setting: array} if setting else {}))
                except (ValueError, TypeError) as error:
                    kept = {k: v for k, v in looped.items() if k.startswith("optimizer.")}
                    self._refuse(setting or ", ".join(kept or looped), error, looped)
                    return

    def _refuse(self, setting: str, error: Exception, looped: Mapping[str, Any]) -> None:
        text = " ".join(str(error).split())
        if "unexpected keyword argument" in text:
            name = looped.get("optimizer.name", "the optimizer")
            text = f"{name} has no setting {text.rpartition(' ')[2]}"
        self.mistakes.append(Mistake(f"sweep: {setting}", MISSING, text))


_NO_SETTINGS = {("random", "number"), ("random", "seed")}
_FARTHEST = 1e6


def _unknown(name: str, names: list[str], what: str) -> str:
    """What to say about a setting that does not exist, or cannot be varied or drawn."""
    group, _, setting = name.rpartition(".")
    if group == "optimizer" and setting in KERAS_ONLY:
        return "is an argument of Keras that is not supported here; allowed: " + ", ".join(f'"{one}"' for one in names)
    return f"cannot be {what}; {nearest(name, names)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _problems(sweep: Sweep) -> list[Axis]:
    """Axes whose values each have critical points of their own."""
    fixed = {f"initial.{name}" for name in Parameters._fields if name not in sweep.experiment.trainable}
    axes = [axis for axis in sweep.ensemble if axis.setting in fixed | {"negative_slope"}]
    if any(draw.setting in fixed | {"negative_slope"} for draw in sweep.draws):
        axes.append(Axis("drawn", (0.0,) * sweep.number))
    return axes
