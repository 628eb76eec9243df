"""Long series made short enough for a picture, without losing what swings between two of its points."""

import numpy as np

__all__ = ["envelope", "thinned"]

BINS = 130


def thinned(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices and values of a series: all if they are few, else the first, lowest and highest of each of `BINS` parts.

    Examples
    --------
    >>> thinned(np.array([3.0, 1.0, 2.0]))
    (array([0, 1, 2]), array([3., 1., 2.]))
    >>> spike = np.zeros(100_000)
    >>> spike[777] = 1.0
    >>> bool(1.0 in thinned(spike)[1])
    True
    """
    if len(values) <= 3 * BINS:
        kept = np.arange(len(values))
    else:
        parts = [part for part in np.array_split(np.arange(len(values)), BINS) if len(part)]
        picked = [(part[0], part[values[part].argmin()], part[values[part].argmax()]) for part in parts]
        kept = np.unique([*np.ravel(picked), len(values) - 1])
    return kept, values[kept]


def envelope(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where and between what many series are: indices, the lowest and the highest values; `values` is (steps, series)."""
    low, high = values.min(axis=1), values.max(axis=1)
    if len(low) <= BINS:
        return np.arange(len(low)), low, high
    parts = np.array_split(np.arange(len(low)), BINS)
    ends = np.array([part[-1] for part in parts])
    ends[0] = 0
    return ends, np.array([low[part].min() for part in parts]), np.array([high[part].max() for part in parts])
