"""From what somebody calls a subject to one: a name, an optimizer of Keras, a function."""

import inspect
import sys
from typing import Any

from compare.subjects.function import Function
from reference import Experiment
from reference.subject import Subject

__all__ = ["NAMES", "open_subject"]

NAMES = ("keras", "torch", "jax")

_PROTOCOL = ("record", "in_single", "at_kink", "subnormals", "operations")


def open_subject(subject: Any, mode: str | None = None, experiment: Experiment | None = None) -> Subject:
    """The subject that somebody means.

    Parameters
    ----------
    subject : {"keras", "torch", "jax"}, Subject, optimizer of Keras, or function
        As for `compare.certify`.
    mode : str, optional
        How Keras is to be run; each backend has its own.
    experiment : Experiment, optional
        What it is to be run on, where that decides whether an optimizer's instance fits.

    Returns
    -------
    Subject

    Raises
    ------
    ImportError
        If what it needs cannot be imported.
    ValueError, TypeError
        If there is no such subject or mode; one line.

    Examples
    --------
    >>> open_subject("keras").name.startswith("Keras")
    True
    >>> open_subject("pytorch")
    Traceback (most recent call last):
    ValueError: subject must be keras, torch, jax, a function or an optimizer of Keras, got 'pytorch'
    """
    if isinstance(subject, str):
        return _named(subject, mode)
    if _is_of_keras(subject):
        import keras_impl

        recorder = keras_impl.Recorder(mode, optimizer=subject)
        if experiment is not None:
            recorder.require_same_rate(experiment)
        return recorder
    if all(hasattr(subject, attribute) for attribute in _PROTOCOL) and not inspect.isclass(subject):
        opened: Subject = subject
        return opened
    if mode is not None:
        raise ValueError(f"mode says how Keras is run, and the subject is {subject!r}")
    if inspect.isclass(subject):
        raise TypeError(
            f"a subject must be a name, a function or an optimizer of Keras, got the class {subject.__name__}"
        )
    return Function(subject)


def _named(name: str, mode: str | None) -> Subject:
    if name not in NAMES:
        raise ValueError(f"subject must be {', '.join(NAMES)}, a function or an optimizer of Keras, got {name!r}")
    if name == "keras":
        import keras_impl

        recorder: Subject = keras_impl.Recorder(mode)
        return recorder
    if mode is not None:
        raise ValueError(f"mode says how Keras is run, and the subject is {name!r}")
    if name == "torch":
        from compare.subjects.pytorch import PyTorch

        return PyTorch()
    from compare.subjects.jax_optax import JaxOptax

    return JaxOptax()


def _is_of_keras(subject: Any) -> bool:
    """Whether it is an optimizer of Keras, or a class of them; then Keras has been imported."""
    keras = sys.modules.get("keras")
    if keras is None:
        return False
    kind = subject if inspect.isclass(subject) else type(subject)
    return issubclass(kind, keras.optimizers.Optimizer)
