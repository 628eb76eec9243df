"""Versions of packages, which a checkout on the path need not have."""

from importlib import metadata

__all__ = ["UNKNOWN", "version_of"]

UNKNOWN = "unknown"


def version_of(package: str) -> str:
    """Version of an installed package; "unknown" where nothing says which it is.

    Packages that are importable but not installed, from a checkout say, have no version.

    Examples
    --------
    >>> version_of("no-such-package")
    'unknown'
    """
    try:
        return metadata.version(package) or UNKNOWN
    except (metadata.PackageNotFoundError, KeyError, ValueError):  # not there, or damaged
        return UNKNOWN
