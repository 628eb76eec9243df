"""What to say when a system is not there."""

__all__ = ["CANNOT_IMPORT", "cannot_import"]

CANNOT_IMPORT = (ImportError, OSError, RuntimeError)  # not there, a library of it not found, or parts that do not fit


def cannot_import(system: str, extra: str, error: Exception) -> ImportError:
    """The error, in one line, with the extra that installs the system.

    Examples
    --------
    >>> cannot_import("PyTorch", "torch", ImportError("No module named 'torch'"))
    ImportError("PyTorch is needed and cannot be imported (No module named 'torch'); pip install neuron-audit[torch]")
    """
    why = " ".join(str(error).split())
    return ImportError(f"{system} is needed and cannot be imported ({why}); pip install neuron-audit[{extra}]")
