"""Balls against what admissible implementations compute, in other orders and with fewer roundings.

float32 is imitated in float64, where one operation of float32 numbers and its rounding back
is correctly rounded (the format has more than twice the bits).
"""

import math

import numpy as np
import pytest

from compare.rounding import Arithmetic, Ball, gamma, ratio

U = 2.0**-24
TINY = float(np.finfo(np.float32).tiny)
rng = np.random.default_rng(0)


def numbers(size=2000, scale=1.0):
    return (rng.standard_normal(size) * scale).astype(np.float32)


def exact(a):
    return Ball.exact(a)


def flush(a):
    return np.where(np.abs(a) < TINY, np.float32(0), a)


def single(a):
    return np.asarray(a, np.float64).astype(np.float32)


def test_a_fused_multiply_add_is_within_the_radius():
    w, x = numbers(), numbers()
    for b in (numbers(), -w * x):  # the second cancels: all that is left is the rounding of w x
        fused = single(w.astype(np.float64) * x + b)
        assert (ratio(fused, exact(w) * exact(x) + exact(b)) <= 1).all()
        assert (fused != w * x + b).any()


def test_a_product_with_a_reciprocal_is_within_the_radius():
    a, b, c = numbers(), numbers(), numbers()
    one = np.float32(1)
    for theirs, ball in [
        (a * (one / b), exact(a) / exact(b)),
        (a * (one / (b * c)), exact(a) / exact(b) / exact(c)),
        (a * (one / np.sqrt(np.abs(b))), exact(a) / np.sqrt(exact(np.abs(b)))),
        (one / (one / np.sqrt(np.abs(b))), np.sqrt(exact(np.abs(b)))),
    ]:
        assert (ratio(theirs, ball) <= 1).all()
        assert (theirs != ball.value).any()


def test_a_constant_added_to_a_term_first_is_within_the_radius():
    a, b = numbers(), numbers()
    b = np.where(np.arange(len(b)) % 2 == 0, a * (1 + numbers(scale=1e-6)), b).astype(np.float32)
    constant = np.float32(1e-7)
    for theirs in ((a + constant) - b, a - (b - constant)):
        assert (ratio(theirs, exact(a) - exact(b) + constant) <= 1).all()
        assert (theirs != (a - b) + constant).any()


@pytest.mark.parametrize("n", [1, 2, 3, 10, 1000])
def test_sums_in_any_order_are_within_the_radius(n):
    terms = numbers(50 * n).reshape(50, n)
    ball = exact(terms).sum(axis=1)
    for order in (np.arange(n), np.arange(n)[::-1], rng.permutation(n), np.argsort(terms[0])):
        running = np.cumsum(terms[:, order], axis=1, dtype=np.float32)[:, -1]
        assert (ratio(running, ball) <= 1).all()
    assert (ratio(single(terms.astype(np.float64).sum(axis=1)), ball) <= 1).all()
    with pytest.raises(AssertionError):  # one term left out
        assert (ratio(terms[:, 1:].sum(axis=1), ball) <= 1).all()


def test_flushing_is_within_the_radius():
    a, b = numbers(scale=1e-20), numbers(scale=1e-19)
    assert ((np.abs(a * b) > 0) & (np.abs(a * b) < TINY)).any()
    assert (ratio(flush(a * b), exact(a) * exact(b)) <= 1).all()
    tiny = numbers(scale=2 * TINY)
    assert (ratio(flush(tiny) * np.float32(2.0**20), exact(tiny) * np.float32(2.0**20)) <= 1).all()
    assert (ratio(flush(tiny + tiny[::-1]), exact(tiny) + exact(tiny[::-1])) <= 1).all()
    root = np.sqrt(flush(np.abs(a * b)))
    assert (ratio(root, np.sqrt(np.abs(exact(a) * exact(b)))) <= 1).all()


def test_either_side_of_a_kink_that_rounding_cannot_tell_is_within_the_radius():
    # w x + b = 2^-24 exactly, but w x rounds to 1 + 2^-11: without fused multiply-add z is 0.
    x = w = np.float32(1 + 2.0**-12)
    b = np.float32(-(1 + 2.0**-11))
    z = exact(w) * exact(x) + exact(b)
    assert z.value == 0
    step = np.where(z > 0, np.float32(1), np.float32(0))
    assert (step.value, step.radius) == (0, 1)
    assert ratio(np.float32(1), step) <= 1
    certain = np.where(exact(np.float32(0)) * exact(x) > 0, np.float32(1), np.float32(0))
    assert certain.radius == 0


def test_what_is_written_correctly_rounded_has_no_radius():
    a, b = (Ball.exact(numbers(), Arithmetic.WRITTEN) for _ in range(2))
    for ball in (a + b, a - b, a * b, a / b, np.sqrt(np.abs(a)), np.maximum(a, b), np.where(a > b, a, b)):
        assert not np.any(ball.radius)
    assert (np.power(np.abs(a), b).radius > 0).all()
    assert (ratio(np.nextafter((a * b).value, np.float32(9)), a * b) == np.inf).all()


def test_what_a_graph_rewrites_has_a_radius_and_nothing_else():
    a, b, c = (Ball.exact(numbers(), Arithmetic.REWRITTEN) for _ in range(3))
    for ball in (a + b, a * b, a + b + c, np.sqrt(np.abs(a))):
        assert not np.any(ball.radius)
    for ball in (a / b, a - b + 1e-7, a * 0.5 * 3.0):
        assert np.all(ball.radius > 0)
    assert (ratio(a.value * (np.float32(0.3) * np.float32(0.7)), a * 0.3 * 0.7) <= 1).all()


def test_subnormal_results_may_be_flushed_even_as_written():
    a = Ball.exact(np.float32([2 * TINY, 1.0]), Arithmetic.WRITTEN) * 0.25
    assert (ratio(np.float32([0.0, 0.25]), a) <= 1).all()
    assert (ratio(np.float32([2 * TINY, np.nextafter(np.float32(0.25), np.float32(1))]), a) > 1).all()


@pytest.mark.parametrize("arithmetic", list(Arithmetic))
def test_pow_may_be_off_by_some_last_places_and_no_more(arithmetic):
    beta = Ball.exact(np.full(2000, 0.9, np.float32), arithmetic)
    t = Ball.exact(np.arange(1, 2001).astype(np.float32), arithmetic)
    power = np.power(beta, t)
    theirs = np.float32([math.pow(float(np.float32(0.9)), k) for k in range(1, 2001)])
    normal = theirs >= TINY
    assert (ratio(theirs[normal], power[normal]) <= 1).all()
    assert (ratio(theirs[:500] * np.float32(1 + 2.0**-18), power[:500]) > 1).all()


def test_a_difference_beyond_the_bound_has_a_ratio_above_one():
    ball = exact(numbers()) * exact(numbers())
    beyond = ball.value + np.sign(ball.value) * single(3 * ball.bound)
    assert (ratio(beyond, ball) > 1).all()


def test_ratios_of_what_is_not_finite():
    ball = Ball(np.array([1.0, np.nan, np.inf, 1.0, 1.0]), np.array([1.0, 1.0, 1.0, np.inf, 1.0]))
    observed = np.array([np.nan, np.nan, 1.0, 5.0, np.inf])
    assert ratio(observed, ball).tolist() == [np.inf, 0.0, 0.0, 0.0, np.inf]


def test_shapes_and_dtypes_are_compared_first():
    ball = exact(numbers(3))
    with pytest.raises(ValueError, match=r"cannot compare float32\(2,\) with float32\(3,\)"):
        ratio(numbers(2), ball)
    with pytest.raises(ValueError, match="float64"):
        ratio(np.zeros(3), ball)


def test_what_may_overflow_has_no_bound():
    large = exact(np.array([np.finfo(np.float32).max, 1e38], np.float32))
    assert np.isinf((large * 1.0).bound).tolist() == [True, False]


def test_gamma_is_highams():
    assert gamma(3, U) == 3 * U / (1 - 3 * U)
    assert gamma(2**24, U) == np.inf


def test_a_result_of_float64_is_rounded_to_float32_once_on_either_side():
    a, b = numbers().astype(np.float64), numbers().astype(np.float64)
    quotient = exact(a) / exact(b)
    ball = quotient.astype(np.dtype(np.float32))
    assert ball.dtype == np.float32
    for theirs in (a / b, a * (1 / b)):
        assert (ratio(single(theirs), ball) <= 1).all()
    assert (np.abs(a / b - ball.value) <= ball.bound).all()  # or not at all
    unequal = np.nextafter(single(a / b), np.float32(np.inf)) + 2 * np.spacing(single(np.abs(a / b)))
    assert (ratio(unequal, ball) > 1).all()


def test_equal_results_of_float64_are_rounded_to_equal_ones():
    a, b = numbers().astype(np.float64), numbers().astype(np.float64)
    written = (Ball.exact(a, Arithmetic.WRITTEN) / Ball.exact(b, Arithmetic.WRITTEN)).astype(np.dtype(np.float32))
    assert written.arithmetic is Arithmetic.WRITTEN
    assert (written.bound <= np.where(np.abs(written.value) <= TINY, TINY, 0)).all()


def test_float32_becomes_float64_exactly_and_operations_take_the_dtype_that_they_are_told():
    t = exact(np.arange(5, dtype=np.float32))
    assert (t.astype(np.dtype(np.float64)).bound == 0).all()
    assert t.astype(np.dtype(np.float32)) is t
    count = np.add(t, 1, dtype=np.dtype(np.float64))
    assert (count.dtype, count.value.tolist(), count.bound.max()) == (np.float64, [1.0, 2.0, 3.0, 4.0, 5.0], 0.0)
    power = np.power(np.float64(0.999), count)
    assert power.dtype == np.float64
    assert (ratio(np.array([math.pow(0.999, k) for k in range(1, 6)]), power) <= 1).all()
    assert np.add(count, 1, dtype=np.dtype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("form", ["start + (end - start) * c", "end - (end - start) * c", "start - (start - end) * c"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_running_mean_forgets_its_radius_and_holds_what_it_bounds(form, dtype):
    rng = np.random.default_rng(0)
    mine, theirs, c = Ball.exact(np.zeros(50, dtype)), np.zeros(50), dtype(0.125)
    evaluate = compile(form, form, "eval")
    for _ in range(400):
        end = rng.standard_normal(50).astype(dtype)
        off = np.abs(end, dtype=np.float64) * 2.0**-10
        others = end.astype(np.float64) + rng.uniform(-1, 1, 50) * off
        mine = eval(evaluate, {"start": mine, "end": Ball(end, off), "c": c})
        theirs = eval(evaluate, {"start": theirs, "end": others, "c": 0.125})  # to this precision without rounding
        assert (np.abs(mine.value - theirs) <= mine.bound).all()
    assert mine.bound.max() < 2.0**-7


def test_only_the_same_number_is_forgotten():
    a, b, c = Ball(np.float64(1.0), 0.5), Ball(np.float64(1.0), 0.5), Ball(np.float64(3.0), 0.25)
    assert float((a + (c - a) * np.float64(0.5)).radius) < 0.376
    assert float((b + (c - a) * np.float64(0.5)).radius) > 0.874  # as large, and another
    assert float((a + (c - a) * c).radius) > 1  # by what is no constant
