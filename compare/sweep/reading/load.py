"""Read a sweep: TOML in, a Sweep out, or everything that is wrong with it at once."""

import copy
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from compare.claims.reading.load import ClaimFileError, read_toml
from compare.claims.reading.structure import schema, structural_mistakes
from compare.sweep.reading.sweeps import Builder
from compare.sweep.values import Sweep

__all__ = ["SweepError", "build_sweep", "load_sweep", "read_document", "shipped_sweeps"]

GROUPS = ("initial", "target", "optimizer")


class SweepError(ValueError):
    """A sweep that does not follow the format.

    Parameters
    ----------
    lines : tuple of str
        One for each mistake: file, key, value, what is allowed.
    """

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def shipped_sweeps() -> dict[str, Path]:
    """Files of the sweeps that come with the package, by name.

    Examples
    --------
    >>> "relu-sgd" in shipped_sweeps()
    True
    """
    folder = Path(str(resources.files("compare.sweep").joinpath("shipped")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_sweep(path: str | Path) -> Sweep:
    '''Read a sweep from a file, or one that comes with the package by its name.

    Parameters
    ----------
    path : str or Path
        A TOML file in the format that the docstring of `compare.sweep` describes, or the
        name of a shipped sweep.

    Returns
    -------
    Sweep

    Raises
    ------
    SweepError
        With a line for every mistake of the file.

    Examples
    --------
    >>> load_sweep("relu-sgd").shape
    (2, 512, 512)
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "mine.toml"
    >>> _ = file.write_text("""[sweep]
    ... name = "mine"
    ... [sweep.grid]
    ... "initial.u" = [1.0, 2.0]
    ... setps = [10] """)
    >>> try:
    ...     load_sweep(file)
    ... except SweepError as error:
    ...     for line in error.lines:
    ...         print(line.removeprefix(f"{file}: ")[:77])
    sweep.grid.initial.u = [1.0, 2.0]: cannot be varied; did you mean "initial.w"
    sweep.grid.setps = [10]: cannot be varied; did you mean "steps"? allowed: "in
    '''
    document, where = read_document(path)
    return build_sweep(document, where)


def read_document(path: str | Path) -> tuple[dict[str, Any], str]:
    """The tables of a file or shipped sweep, and what to call it in messages; SweepError if it is no TOML."""
    found = shipped_sweeps().get(str(path), Path(path))
    try:
        return read_toml(found), str(path)
    except ClaimFileError as error:
        raise SweepError(error.lines) from None


def build_sweep(document: Mapping[str, Any], where: str) -> Sweep:
    """Make a sweep of tables as `tomllib` returns them; SweepError has a line, beginning with `where`, per mistake."""
    rules = _rules()
    tables = _flattened(document)
    mistakes = structural_mistakes(tables, rules, rules)
    sweep = None
    if isinstance(tables.get("sweep"), dict):
        builder = Builder(tables["sweep"], frozenset(mistake.key for mistake in mistakes))
        sweep = builder.sweep()
        mistakes += builder.mistakes
    if mistakes or sweep is None:
        raise SweepError(tuple(f"{where}: {mistake}" for mistake in mistakes))
    return sweep


def _rules() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    rules: dict[str, Any] = json.loads(text)
    rules["$defs"] = {**schema()["$defs"], **rules["$defs"]}
    return rules


def _flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Let ``initial.w = ...`` without quotes, a table in a table in TOML, be what it looks like."""
    tables = copy.deepcopy(dict(document))
    sweep = tables.get("sweep")
    if not isinstance(sweep, dict):
        return tables
    for part in ("grid", "random"):
        if isinstance(sweep.get(part), dict):
            flat: dict[str, Any] = {}
            for name, value in sweep[part].items():
                if name in GROUPS and isinstance(value, dict):
                    flat |= {f"{name}.{inner}": item for inner, item in value.items()}
                else:
                    flat[name] = value
            sweep[part] = flat
    return tables
