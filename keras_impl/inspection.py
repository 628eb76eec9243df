"""What the installed Keras is: its public names, defaults, what its constructors take.

Names are looked up, signatures read, and a few harmless classes constructed; nothing else
is called.
"""

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import keras

__all__ = ["CONSTRUCTIBLE", "MissingName", "accepts", "default_of", "exists"]

# Constructing these stores numbers and does nothing else.
CONSTRUCTIBLE = ("keras.optimizers.", "keras.initializers.", "keras.losses.", "keras.layers.")
LAYERS = frozenset({"ReLU", "LeakyReLU", "PReLU", "ELU", "Dense", "Activation"})
REQUIRED: Mapping[str, Any] = {"units": 1, "activation": "relu"}  # stand-ins for what a layer must be given


class MissingName(LookupError):
    """Keras has no such public name or argument; the message says which."""


def exists(name: str) -> bool:
    """Whether Keras has a public name.

    Parameters
    ----------
    name : str
        Such as "keras.optimizers.Adam".

    Examples
    --------
    >>> exists("keras.optimizers.Adam"), exists("keras.Model.fit_generator")
    (True, False)
    """
    try:
        _find(name)
    except MissingName:
        return False
    return True


def default_of(name: str, argument: str) -> Any:
    """Return the default of an argument.

    Parameters
    ----------
    name : str
        A function or class.
    argument : str

    Raises
    ------
    MissingName
        If there is no such name, no such argument, or the argument has no default.

    Examples
    --------
    >>> default_of("keras.optimizers.SGD", "learning_rate")
    0.01
    """
    try:
        parameters = inspect.signature(_find(name)).parameters
    except (TypeError, ValueError):
        raise MissingName(f"{name} has no signature") from None
    if argument not in parameters:
        raise MissingName(f"{name} has no argument {argument}")
    if parameters[argument].default is inspect.Parameter.empty:
        raise MissingName(f"{name} has no default for {argument}")
    return parameters[argument].default


def accepts(name: str, arguments: Mapping[str, float | bool]) -> tuple[bool, str]:
    """Whether a class can be constructed with these arguments, and what Keras says about it.

    Parameters
    ----------
    name : str
        An optimizer, initializer, loss, or one of `LAYERS`.
    arguments : mapping of str to number
        Arguments that a layer must have besides are supplied.

    Returns
    -------
    bool, str
        And the error or warning, if there is one.

    Raises
    ------
    MissingName
        If there is no such name.
    ValueError
        If it is none of the classes that are safe to construct.

    Examples
    --------
    >>> accepts("keras.optimizers.SGD", {"learning_rate": 0.5})
    (True, '')
    >>> accepts("keras.optimizers.SGD", {"lr": 0.5})[0]
    False
    """
    kind = _find(name)
    public = name.rpartition(".")[2]
    safe = name.startswith(CONSTRUCTIBLE) and (not name.startswith("keras.layers.") or public in LAYERS)
    if not (inspect.isclass(kind) and safe):
        raise ValueError(f"only optimizers, initializers, losses and {sorted(LAYERS)} are constructed, not {name}")
    needed = {
        key: REQUIRED[key]
        for key, parameter in inspect.signature(kind).parameters.items()
        if parameter.default is inspect.Parameter.empty and key in REQUIRED and key not in arguments
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            kind(**needed, **arguments)
        except Exception as error:  # whatever a constructor raises is a refusal
            return False, _one_line(error)
    return True, _one_line(caught[0].message) if caught else ""


def _find(name: str) -> Any:
    parts = name.split(".")
    if parts[0] != "keras" or any(not part.isidentifier() or part.startswith("_") for part in parts):
        raise MissingName(f"{name} is not a public name of Keras")
    found: Any = keras
    for part in parts[1:]:
        if not hasattr(found, part):
            raise MissingName(f"Keras {keras.__version__} has no {name}")
        found = getattr(found, part)
    return found


def _one_line(message: object) -> str:
    return " ".join(str(message).split())[:300]
