"""Long series made short enough for a picture, without losing what swings between two of its points."""

import numpy as np

__all__ = ["envelope", "thinned"]

SINGLE = 40  # first steps, where most happens, that are kept one by one
BINS = 110  # of the others


def thinned(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices and values of a series: the first, lowest and highest of each of its parts, and the last of all.

    Examples
    --------
    >>> thinned(np.array([3.0, 1.0, 2.0]))
    (array([0, 1, 2]), array([3., 1., 2.]))
    >>> spike = np.zeros(100_000)
    >>> spike[777] = 1.0
    >>> bool(1.0 in thinned(spike)[1])
    True
    """
    picked = [(part[0], part[values[part].argmin()], part[values[part].argmax()]) for part in _parts(len(values))]
    kept = np.unique([*np.ravel(picked), len(values) - 1])
    return kept, values[kept]


def envelope(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Between what many series are: indices, the lowest and the highest values there; `values` is (steps, series).

    Two steps next to each other of each part, so that what swings with every step is seen to.
    """
    kept = np.unique([*(index for part in _parts(len(values)) for index in part[:2]), len(values) - 1])
    return kept, values[kept].min(axis=1), values[kept].max(axis=1)


def _parts(number: int) -> list[np.ndarray]:
    """Indices below a number, in parts: short ones one by one."""
    indices = np.arange(number)
    if number <= SINGLE + BINS:
        return list(indices[:, None])
    return [*indices[:SINGLE, None], *np.array_split(indices[SINGLE:], BINS)]
