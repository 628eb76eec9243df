"""Fused multiply-add and reordered sums against rational arithmetic."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.defects.correct.fma import SUMS, fma

DTYPES = {"float32": 32, "float64": 64}


def is_nearest(value, exact):
    """Whether no neighbour of a float is nearer to a rational; at a tie the even one wins."""
    distance = abs(Fraction(float(value)) - exact)
    for neighbour in (np.nextafter(value, value.dtype.type(-np.inf)), np.nextafter(value, value.dtype.type(np.inf))):
        other = abs(Fraction(float(neighbour)) - exact)
        odd = value.view(f"i{value.itemsize}") & 1
        if other < distance or (other == distance and odd):
            return False
    return True


def floats(dtype):
    """Numbers whose products neither over- nor underflow, with few or all bits."""
    sizes = st.floats(2.0**-20, 2.0**20, width=DTYPES[dtype])
    return st.one_of(sizes, sizes.map(lambda x: -x), st.sampled_from([0.0, 1.0, -1.0, 0.5, 3.0]))


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_fma_is_the_nearest_float_to_the_exact_value(dtype, data):
    scalar = np.dtype(dtype).type
    a, b, c = (scalar(data.draw(floats(dtype))) for _ in range(3))
    assert is_nearest(fma(a, b, c), Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_fma_rounds_once_where_two_roundings_go_wrong(dtype):
    # a b is just above a tie of c's last place; rounded to a float first, it sits on the tie.
    info = np.finfo(dtype)
    one, eps = info.dtype.type(1), info.eps
    a, b = one + eps, one - eps
    exact = 1 - Fraction(float(eps)) ** 2
    assert Fraction(float(fma(a, b, -one))) == exact - 1
    assert a * b - one == 0


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_near_cancellation_keeps_what_a_product_would_round_away(dtype, data):
    scalar = np.dtype(dtype).type
    a, b = (scalar(data.draw(floats(dtype))) for _ in range(2))
    exact = Fraction(float(a)) * Fraction(float(b)) - Fraction(float(a * b))
    assert Fraction(float(fma(a, b, -(a * b)))) == exact


def test_fma_takes_arrays_and_keeps_infinities():
    x = np.array([1.0, np.inf, 1e308])
    assert fma(x, np.float64(2.0), np.float64(1.0)).tolist() == [3.0, np.inf, np.inf]


@pytest.mark.parametrize("order", SUMS)
@given(terms=st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=70))
def test_sums_of_integers_are_exact_in_every_order(order, terms):
    assert SUMS[order](np.array(terms, np.float64)) == sum(terms)


@given(terms=st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=40))
def test_the_sum_rounded_once_is_the_nearest_float(terms):
    assert is_nearest(SUMS["rounded once"](np.array(terms)), sum(map(Fraction, terms)))


def test_the_orders_are_different_orders():
    terms = np.random.default_rng(0).standard_normal((200, 61)).astype(np.float32)
    results = [np.array([total(row) for row in terms]) for total in SUMS.values()]
    assert all((a != b).any() for a, b in pairwise(results))
