"""The files of a finished sweep: arrays, a table, and what they mean."""

import csv
import io
import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from compare.sweep.labels import LABELS
from compare.sweep.result import SweepResult
from compare.sweep.store import packed
from compare.system.files import whole_file, write_whole
from compare.system.output import as_json, shortest_texts
from reference import Parameters

__all__ = ["summary", "write_result"]

ROWS = 65_536  # of the table, held as text at a time


def write_result(result: SweepResult, folder: Path) -> list[Path]:
    """Write sweep.npz, sweep.csv and sweep.json into a folder that exists; the same result gives the same bytes."""
    files = [folder / f"sweep.{kind}" for kind in ("npz", "csv", "json")]
    arrays, table, meaning = files
    write_whole(arrays, packed(_arrays(result)))
    with whole_file(table) as file:
        for text in _csv(result):
            file.write(text.encode())
    write_whole(meaning, as_json(summary(result)))
    return files


def summary(result: SweepResult) -> dict[str, Any]:
    """What JSON can hold of a result: the sweep, what labels mean, shares, and the critical points."""
    sweep = result.sweep
    return {
        "schema": 1,
        "name": sweep.name,
        "says": sweep.says,
        "experiment": repr(sweep.experiment),
        "grid": {axis.setting: list(axis.values) for axis in sweep.grid},
        "random": {"number": sweep.number, "seed": sweep.random_seed, "draws": [list(draw) for draw in sweep.draws]},
        "resolution": sweep.resolution,
        "labels": LABELS,
        "shares": {name: result.share(name) for name in LABELS},
        "shares_at_points": result.shares_of_kinds(),
        "points": [{name: _plain(value) for name, value in point.items()} for point in result.points],
        "without_points": list(result.without_points),
    }


def _plain(value: Any) -> Any:
    """A number that is at infinity in a word, which JSON has no number for."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _arrays(result: SweepResult) -> dict[str, np.ndarray]:
    sweep = result.sweep
    arrays = {axis.setting: np.array(axis.values) for axis in sweep.grid}
    arrays |= sweep.drawn()
    arrays |= _trained_ends(result)
    arrays |= {name: getattr(result, name) for name in ("loss", "label", "point", "crossed_at", "diverged_at")}
    arrays["labels"] = np.array(list(LABELS))
    arrays["points"] = np.array([point["kind"] for point in result.points] or [""])
    for name in ("w", "b", "v", "d", "loss", "negative_slope"):
        arrays[f"points.{name}"] = np.array([point[name] for point in result.points], np.float64)
    return arrays


def _trained_ends(result: SweepResult) -> dict[str, np.ndarray]:
    return {f"end.{name}": p for name, p in zip(Parameters._fields, result.end, strict=True) if p is not None}


def _csv(result: SweepResult) -> Iterator[str]:
    """A row for each neuron, in full precision; empty where something never happened or is not known."""
    sweep, trained = result.sweep, _trained_ends(result)
    drawn = sweep.drawn()
    grid = [axis.setting for axis in sweep.grid]
    columns = [*trained, "loss", "label", "point", "crossed_at", "diverged_at"]
    yield _lines([[*grid, *drawn, *columns]])
    labels, kinds = list(LABELS), [*(point["kind"] for point in result.points), ""]
    rows = product(*([str(value) for value in axis.values] for axis in sweep.grid))
    # A row of the grid has as many neurons as there are random starts.
    starts = list(zip(*(map(str, values.tolist()) for values in drawn.values()), strict=True)) if drawn else [()]
    flat = {name: array.reshape(-1) for name, array in trained.items()} | {"loss": result.loss.reshape(-1)}
    label, point = result.label.reshape(-1), result.point.reshape(-1)
    crossed, diverged = result.crossed_at.reshape(-1), result.diverged_at.reshape(-1)
    settings = ((*row, *start) for row in rows for start in starts)
    for first in range(0, sweep.size, ROWS):
        here = slice(first, first + ROWS)
        numbers = [shortest_texts(array[here]) for array in flat.values()]
        outcomes = [
            [labels[i] for i in label[here]],
            [kinds[i] for i in point[here]],
            *(["" if i < 0 else str(i) for i in at[here].tolist()] for at in (crossed, diverged)),
        ]
        block = zip(*numbers, *outcomes, strict=True)
        yield _lines([[*setting, *row] for row, setting in zip(block, settings, strict=False)])


def _lines(rows: list[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()
