"""A sweep from flags, or a file with some of it changed by flags: the same tables either way."""

import argparse
import copy
import tomllib
from collections.abc import Mapping
from typing import Any

from compare.system.command_line import UsageError, integer

__all__ = ["add_flags", "with_flags"]

LONGEST_VALUE = 1000  # characters

# Flags for settings that are asked for often, and the settings.
SHORT = {
    "--steps": "steps",
    "--optimizer": "optimizer.name",
    "--learning-rate": "optimizer.learning_rate",
    "--momentum": "optimizer.momentum",
    "--negative-slope": "negative_slope",
    "--batch-size": "batch_size",
    "--seed": "seed",
    "--dtype": "dtype",
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that make a sweep, or change one."""
    group = parser.add_argument_group("the sweep; flags change what a file says")
    group.add_argument(
        "--grid", action="append", default=[], metavar="S=FROM:TO:N[:log]", help="setting S on a grid; or S=VALUE,VALUE"
    )
    group.add_argument(
        "--random",
        action="append",
        default=[],
        metavar="S=normal:M:SD",
        help="setting S at random; or S=uniform:FROM:TO, S=log_uniform:FROM:TO",
    )
    group.add_argument("--number", type=integer(1), metavar="N", help="how many random starts (1000)")
    group.add_argument("--random-seed", type=integer(0), metavar="N", help="seed of random starts (0)")
    group.add_argument("--set", action="append", default=[], metavar="S=VALUE", help="setting S for all")
    group.add_argument("--train", metavar="w,b", help="what is trained (w)")
    for flag, setting in SHORT.items():
        group.add_argument(flag, dest=f"set {setting}", metavar="VALUE", help=f"the same as --set {setting}=VALUE")


def with_flags(document: Mapping[str, Any] | None, options: argparse.Namespace) -> dict[str, Any]:
    """The tables of a file, or none, changed as the flags of `add_flags` say; UsageError if one cannot be read."""
    tables: dict[str, Any] = copy.deepcopy(dict(document)) if document is not None else {"sweep": {"name": "flags"}}
    sweep = tables.get("sweep")
    if not isinstance(sweep, dict):
        return tables  # which the loader says
    for text in options.grid:
        setting, value = _split("--grid", text)
        _put(sweep, "grid", setting, _spaced(text, value))
    for text in options.random:
        setting, value = _split("--random", text)
        name, *ends = value.split(":")
        _put(sweep, "random", setting, {name: [_value(end) for end in ends]})
    if options.number is not None:
        _put(sweep, "random", "number", options.number)
    elif options.random and isinstance(sweep["random"], dict):
        sweep["random"].setdefault("number", 1000)
    if options.random_seed is not None:
        _put(sweep, "random", "seed", options.random_seed)
    if options.train is not None:
        _put(sweep, "experiment", "trainable", options.train.split(","))
    given = {name.removeprefix("set "): value for name, value in vars(options).items() if name.startswith("set ")}
    texts = [f"{setting}={value}" for setting, value in given.items() if value is not None]
    for setting, value in (_split("--set", text) for text in (*texts, *options.set)):
        _put_for_all(sweep, setting, _value(value))
    return tables


def _split(flag: str, text: str) -> tuple[str, str]:
    setting, equals, value = text.partition("=")
    if not setting or not equals or not value:
        raise UsageError(f"{flag} {text}: must be SETTING=VALUE, such as initial.w=-3:3:64")
    return setting, value


def _spaced(text: str, value: str) -> Any:
    parts = value.split(":")
    if len(parts) == 1:
        return [_value(part) for part in value.split(",")]
    if len(parts) not in (3, 4):
        raise UsageError(f"--grid {text}: must be S=FROM:TO:NUMBER, with :log behind it, or S=VALUE,VALUE")
    table = {"from": _value(parts[0]), "to": _value(parts[1]), "number": _value(parts[2])}
    return {**table, "spacing": parts[3]} if len(parts) == 4 else table


def _put(sweep: dict[str, Any], part: str, setting: str, value: Any) -> None:
    table = sweep.setdefault(part, {})
    if not isinstance(table, dict):
        return  # which the loader says
    group, _, name = setting.partition(".")
    if isinstance(table.get(group), dict) and name:
        table[group][name] = value  # written as a table in the file
    else:
        table[setting] = value


def _put_for_all(sweep: dict[str, Any], setting: str, value: Any) -> None:
    """A setting has one value from now on, and no axis."""
    group, _, name = setting.partition(".")
    for part in ("grid", "random"):
        axes = sweep.get(part)
        if isinstance(axes, dict):
            axes.pop(setting, None)
            if isinstance(axes.get(group), dict):
                axes[group].pop(name, None)
    experiment = sweep.setdefault("experiment", {})
    if not isinstance(experiment, dict):
        return
    group, _, name = setting.rpartition(".")
    if setting == "optimizer.name":
        optimizer = experiment.get("optimizer")
        kept = optimizer if isinstance(optimizer, dict) and optimizer.get("name") == value else {}
        experiment["optimizer"] = {**kept, "name": value}
    elif group:
        table: Any = experiment.setdefault(group, {"name": "SGD"} if group == "optimizer" else {})
        if isinstance(table, dict):
            table[name] = value
    else:
        experiment[setting] = value


def _value(text: str) -> Any:
    """A number or truth value as TOML has it; anything else is a word."""
    if len(text) > LONGEST_VALUE or "\n" in text:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
