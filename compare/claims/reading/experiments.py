"""Experiments from tables, and what in a table makes no sense."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from compare.claims.reading.structure import Mistake, nearest
from compare.claims.settings import settings_from
from reference import OPTIMIZERS, Experiment

__all__ = ["KERAS_ONLY", "build_experiment", "unknown_setting"]

# Arguments of every optimizer of Keras; AdamW has the first here too.
KERAS_ONLY = frozenset(
    {"weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum"}
    | {"ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "jit_compile"}
)


def build_experiment(table: Mapping[str, Any], base: Experiment, key: str) -> tuple[Experiment | None, list[Mistake]]:
    """The experiment of a table that fits the schema's "experiment" and stands at `key`; None if there are mistakes.

    What the table leaves out is as in `base`; an optimizer that is named is a new one.
    """
    given = dict(table)
    mistakes = _optimizer_mistakes(given["optimizer"], f"{key}.optimizer") if "optimizer" in given else []
    if mistakes:
        del given["optimizer"]
    settings = settings_from(given, base)
    build = partial(Experiment, dtype=settings.get("dtype", base.dtype))
    for name, value in settings.items():
        mistakes += _refusal(build, name, value, Mistake(f"{key}.{name}", table[name], ""))
    return (None, mistakes) if mistakes else (replace(base, **settings), [])


def _optimizer_mistakes(table: Mapping[str, Any], key: str) -> list[Mistake]:
    name = table["name"]
    if name not in OPTIMIZERS:
        return [Mistake(f"{key}.name", name, "unknown optimizer; " + nearest(name, OPTIMIZERS))]
    kind = OPTIMIZERS[name]
    known = [field.name for field in fields(kind)]
    mistakes = []
    for setting, value in table.items():
        if setting != "name":
            mistake = Mistake(f"{key}.{setting}", value, unknown_setting(setting, name, known))
            mistakes += _refusal(kind, setting, value, mistake) if setting in known else [mistake]
    return mistakes


def _refusal(build: Callable[..., Any], name: str, value: Any, mistake: Mistake) -> list[Mistake]:
    """The mistake with the "must be ..." of an error, if a setting is refused; it says name and value itself."""
    try:
        build(**{name: value})
    except (ValueError, TypeError) as error:
        text = " ".join(str(error).split())
        found = re.search(r"must .*?(?=, got |$)", text)
        return [mistake._replace(allowed=found.group(0) if found else text)]
    return []


def unknown_setting(setting: str, optimizer: str, known: Sequence[str]) -> str:
    """What to say about a setting that an optimizer does not have here, though perhaps in Keras.

    Examples
    --------
    >>> unknown_setting("clipnorm", "SGD", ["momentum"])
    'is an argument of Keras that is not supported here; allowed for SGD: "momentum"'
    >>> unknown_setting("momentun", "SGD", ["momentum"])
    'unknown setting of SGD; did you mean "momentum"? allowed: "momentum"'
    """
    if setting in KERAS_ONLY:
        listed = ", ".join(f'"{name}"' for name in known)
        return f"is an argument of Keras that is not supported here; allowed for {optimizer}: {listed}"
    return f"unknown setting of {optimizer}; {nearest(setting, known)}"
