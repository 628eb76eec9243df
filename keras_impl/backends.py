"""Which backends of Keras there are, and in one line why Keras cannot be imported. Imports no framework."""

import importlib.util
import os
from types import MappingProxyType

__all__ = ["BACKENDS", "why_not"]

# What to install for each of them.
BACKENDS = MappingProxyType(
    {"tensorflow": "tensorflow keras", "jax": "neuron-audit[jax]", "torch": "neuron-audit[torch]"}
)


def why_not(backend: str | None, error: BaseException | None = None) -> str:
    """Why Keras cannot be used, and what to do, as one line; "" if nothing speaks against it.

    Parameters
    ----------
    backend : str or None
        That Keras runs on, if it is known; else what the environment names.
    error : exception, optional
        That importing Keras has raised.

    Examples
    --------
    >>> why_not("numpy")
    'KERAS_BACKEND=numpy is none of the backends that work here: set it to tensorflow, jax or torch, or unset it'
    >>> why_not("tensorflow")
    ''
    """
    named = backend or os.environ.get("KERAS_BACKEND") or "tensorflow"
    shown = f"KERAS_BACKEND={named if named.isidentifier() else repr(named[:40])}"
    if named not in BACKENDS:
        return f"{shown} is none of the backends that work here: set it to tensorflow, jax or torch, or unset it"
    if not _is_installed("keras"):
        return "keras is not installed: pip install tensorflow keras"
    if not _is_installed(named):
        return f"{named} is not installed, which Keras runs on with {shown}: pip install {BACKENDS[named]}"
    if error is None:
        return ""
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return f"Keras cannot be imported with {shown} ({reason}): pip install {BACKENDS[named]}"


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
