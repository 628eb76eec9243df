"""Distances in units in the last place."""

import numpy as np
import pytest

from compare.rounding import ulps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_from_one_float_to_the_next_are_counted(dtype):
    scalar = np.dtype(dtype).type
    for start in (1.0, -1.0, 0.0, 1.5e-30, float(np.finfo(dtype).tiny), 2.0 - 2.0**-20):
        value = scalar(start)
        for steps in range(5):
            assert ulps(scalar(start), value) == ulps(value, scalar(start)) == steps
            value = np.nextafter(value, scalar(np.inf))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values(dtype):
    a = np.array([0.0, -0.0, np.nan, np.nan, 1.0, np.inf, np.inf], dtype)
    b = np.array([-0.0, 0.0, np.nan, 1.0, np.nan, np.inf, np.finfo(dtype).max], dtype)
    assert ulps(a, b).tolist() == [0, 0, 0, np.inf, np.inf, 0, 1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_across_zero_and_over_the_whole_range_nothing_overflows(dtype):
    info = np.finfo(dtype)
    least = np.array([info.smallest_subnormal], dtype)
    assert ulps(least, -least).tolist() == [2]
    count = float(2 * (2 ** (info.bits - 1) - 2**info.nmant) - 2)  # finite numbers, but for one of the zeros, less one
    assert ulps(np.array([info.max], dtype), np.array([info.min], dtype))[0] == count


def test_shapes_and_dtypes_are_compared_first():
    with pytest.raises(ValueError, match="cannot compare"):
        ulps(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="cannot compare"):
        ulps(np.zeros(2), np.zeros(2, "float32"))
