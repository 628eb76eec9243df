"""What to say when a system is not there."""

from importlib.util import find_spec

__all__ = ["CANNOT_IMPORT", "cannot_import", "lacking"]

# By a subject's name, what it is called, the modules that it needs, and the extra that installs them.
NEEDED = {"torch": ("PyTorch", ("torch",), "torch"), "jax": ("JAX with optax", ("jax", "optax"), "optax")}

CANNOT_IMPORT = Exception  # not there, a library of it not found, parts that do not fit: whatever importing raises


def cannot_import(system: str, extra: str, error: Exception) -> ImportError:
    """The error, in one line, with the extra that installs the system.

    Examples
    --------
    >>> cannot_import("PyTorch", "torch", ImportError("No module named 'torch'"))
    ImportError("PyTorch is needed and cannot be imported (No module named 'torch'); pip install neuron-audit[torch]")
    """
    why = " ".join(str(error).split())
    return ImportError(f"{system} is needed and cannot be imported ({why}); pip install neuron-audit[{extra}]")


def lacking(subject: str) -> str | None:
    """Why a subject of this name cannot be opened, in one line, with the extra to install; None if it can.

    Nothing is imported, so an installation that is there and broken is not noticed. Keras is no
    subject that may be missing.

    Examples
    --------
    >>> lacking("keras") is None
    True
    """
    if subject not in NEEDED:
        return None
    system, modules, extra = NEEDED[subject]
    missing = [module for module in modules if find_spec(module) is None]
    return f"{system} is not installed; pip install neuron-audit[{extra}]" if missing else None
