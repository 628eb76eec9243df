"""Which parameters a run trains, and at what the others are held."""

import numpy as np

from compare.claims.number_text import shown
from reference import Experiment, Parameters

__all__ = ["is_unusual", "started_from", "trained_and_held"]


def is_unusual(experiment: Experiment) -> bool:
    """Whether more than w is trained, or a parameter is held at a value other than its default.

    Examples
    --------
    >>> is_unusual(Experiment()), is_unusual(Experiment(initial=Parameters(w=-10.0, b=2.0)))
    (False, True)
    """
    return experiment.trainable != Experiment().trainable or bool(_held(experiment))


def trained_and_held(experiment: Experiment) -> str:
    """The trained parameters and the others with their values; v and d only where these are not the defaults.

    Examples
    --------
    >>> trained_and_held(Experiment(initial=Parameters(w=-10.0, b=2.0)))
    'Trained: w; held fixed: b = 2.'
    >>> trained_and_held(Experiment(trainable=("w", "b")))
    'Trained: w, b.'
    """
    held = _held(experiment)
    if "b" not in experiment.trainable and "b" not in held:
        held = {"b": shown(0.0)} | held
    values = ", ".join(f"{name} = {held[name]}" for name in Parameters._fields if name in held)
    return f"Trained: {', '.join(experiment.trainable)}{f'; held fixed: {values}' if values else ''}."


def started_from(experiment: Experiment, but: str) -> str:
    """Where the trained parameters other than one start; empty if there are none.

    Examples
    --------
    >>> started_from(Experiment(initial=Parameters(w=-2.0, b=1.0), trainable=("w", "b")), "b")
    'w = -2'
    >>> started_from(Experiment(), "w")
    ''
    """
    others = [name for name in experiment.trainable if name != but]
    return ", ".join(f"{name} = {shown(float(np.min(getattr(experiment.initial, name))))}" for name in others)


def _held(experiment: Experiment) -> dict[str, str]:
    """The parameters that are not trained and do not have their defaults, with their values."""
    held = {}
    for name, default in Parameters._field_defaults.items():
        values = np.asarray(getattr(experiment.initial, name))
        if name not in experiment.trainable and np.any(values != default):
            first, last = float(values.min()), float(values.max())
            held[name] = shown(first) if first == last else f"{shown(first)} to {shown(last)}"
    if "w" not in experiment.trainable:  # which has no default of its own
        held["w"] = shown(float(np.min(experiment.initial.w)))
    return held
