"""Who draws for an experiment is held against an independent drawing: right ones pass, wrong ones are named."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.certificates.differences import Disagreement
from compare.certificates.redrawn_batches import Drawing, Redrawing, check_drawing
from reference import Experiment, Target, draw_batches, iterate_batches

DTYPES = ["float32", "float64"]
SMALL = Experiment(batch_size=50, steps=40, seed=7)


def relu(x):
    return np.maximum(x, 0)


def standard(seed, shape, dtype="float64"):
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))).standard_normal(shape, dtype)


def is_seen(e, x, y, step, sample, quantity):
    """Whether the first disagreement is this one, and names what was observed."""
    drawing = check_drawing(e, x, y)
    first = drawing.first_disagreement
    assert not drawing.agrees
    assert (first.step, first.sample, first.quantity) == (step, sample, quantity)
    assert np.array_equal(first.observed, {"x": x, "y": y}[quantity][step, sample], equal_nan=True)
    return drawing


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", [0, 3, 2**70])
def test_right_batches_agree(dtype, seed):
    e = replace(SMALL, dtype=dtype, seed=seed)
    x = standard(seed, (40, 50)).astype(dtype)
    assert check_drawing(e, x, relu(x)) == Drawing(4000, 0, None)
    assert check_drawing(e, *draw_batches(e)).agrees


def test_the_stream_continues_over_blocks_of_any_size():
    e = Experiment(batch_size=7, steps=9001)  # more numbers than are compared at once
    for steps_per_block in (1000, 5003, 9001):
        redrawing = Redrawing(e)
        for x, y in iterate_batches(e, steps_per_block):
            drawing = redrawing.check(x, y)
        assert drawing == Drawing(2 * 7 * 9001, 0, None)
        assert redrawing.step == e.steps


def test_a_block_can_be_compared_alone():
    x, y = draw_batches(SMALL)
    assert check_drawing(SMALL, x[13:20], y[13:20], first_step=13).agrees
    assert check_drawing(SMALL, x[13:20], y[13:20], first_step=12).first_disagreement.step == 12


def test_nothing_compared_does_not_agree():
    x, y = draw_batches(SMALL)
    assert check_drawing(SMALL, x[:0], y[:0]) == Drawing(0, 0, None)
    assert not check_drawing(SMALL, x[:0], y[:0]).agrees


def test_samples_of_another_variance_are_seen():
    x = (standard(7, (40, 50)) * 1.1).astype("float32")
    drawing = is_seen(SMALL, x, relu(x), 0, 0, "x")
    assert drawing.differing == 2000  # labels are held against the samples that are there
    assert drawing.first_disagreement.reference == np.float32(standard(7, ()))


@pytest.mark.parametrize("seed", [0, 8])
def test_a_seed_that_is_ignored_or_off_by_one_is_seen(seed):
    x = standard(seed, (40, 50)).astype("float32")
    is_seen(SMALL, x, relu(x), 0, 0, "x")


def test_samples_drawn_in_float32_are_seen():
    x = standard(7, (40, 50), "float32")
    is_seen(SMALL, x, relu(x), 0, 0, "x")


def test_samples_that_passed_through_float32_are_seen_in_float64():
    e = replace(SMALL, dtype="float64")
    x = standard(7, (40, 50)).astype("float32").astype("float64")
    is_seen(e, x, relu(x), 0, 0, "x")


def test_another_bit_generator_and_another_shape_are_seen():
    x = np.random.Generator(np.random.PCG64DXSM(7)).standard_normal((40, 50)).astype("float32")
    is_seen(SMALL, x, relu(x), 0, 0, "x")
    x = standard(7, (50, 40)).T.astype("float32")
    is_seen(SMALL, x, relu(x), 0, 1, "x")


def test_a_stream_that_starts_again_in_the_next_block_is_seen():
    x = standard(7, (40, 50)).astype("float32")
    x[25:] = x[:15]
    redrawing = Redrawing(SMALL)
    assert redrawing.check(x[:25], relu(x[:25])).agrees
    first = redrawing.check(x[25:], relu(x[25:])).first_disagreement
    assert first == Disagreement("drawing", 25, "x", float(x[0, 0]), float(np.float32(standard(7, 1251)[-1])), 0.0, 0)


def test_a_batch_used_twice_is_seen():
    x = standard(7, (40, 50)).astype("float32")
    x[31] = x[30]
    assert is_seen(SMALL, x, relu(x), 31, 0, "x").differing == 50


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("quantity", ["x", "y"])
def test_one_number_off_by_one_unit_in_the_last_place_is_seen(dtype, quantity):
    e = replace(SMALL, dtype=dtype)
    for step, sample in [(0, 0), (17, 3), (39, 49)]:
        x, y = draw_batches(e)
        array = {"x": x, "y": y}[quantity]
        array[step, sample] = np.nextafter(array[step, sample], array.dtype.type(9))
        drawing = is_seen(e, x, y, step, sample, quantity)
        assert drawing.differing <= 2  # the label of a sample that is off may be off from it
        assert drawing.first_disagreement.bound == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("quantity", ["x", "y"])
@pytest.mark.parametrize("target", [Target(), Target(0.7, 0.1, 0.3)])
def test_what_is_not_finite_is_seen(value, quantity, target):
    e = replace(SMALL, target=target)
    x, y = draw_batches(e)
    {"x": x, "y": y}[quantity][2, 5] = value
    is_seen(e, x, y, 2, 5, quantity)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (Target(), Target(w=-1.0)),
        (Target(), Target(b=2.0**-20)),
        (Target(), Target(negative_slope=2.0**-30)),
        (Target(0.7, 0.1, 0.3), Target()),
        (Target(0.7, 0.1, 0.3), Target(0.7 + 2.0**-18, 0.1, 0.3)),
        (Target(0.7, 0.1, 0.3), Target(0.7, 0.1 + 2.0**-18, 0.3)),
        (Target(0.7, 0.1, 0.3), Target(0.7, 0.1, 0.3 + 2.0**-18)),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_labels_of_another_teacher_are_seen(own, other, dtype):
    x, y = draw_batches(replace(SMALL, dtype=dtype, target=other))
    drawing = check_drawing(replace(SMALL, dtype=dtype, target=own), x, y)
    assert drawing.first_disagreement.quantity == "y"
    assert drawing.first_disagreement.step == 0


def test_labels_without_an_activation_or_of_other_samples_are_seen():
    x, y = draw_batches(SMALL)
    first_below = int(np.argmax(x[0] < 0))
    is_seen(SMALL, x, x, 0, first_below, "y")
    y[5] = y[6]
    assert check_drawing(SMALL, x, y).first_disagreement.step == 5


def test_the_disagreement_is_one_line():
    x, y = draw_batches(SMALL)
    e = replace(SMALL, target=Target(0.7, 0.1, 0.3))
    text = str(check_drawing(e, x, y).first_disagreement)
    assert text.startswith("drawing, step 0, sample 0: y is ")
    assert "within" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, y: (x.astype("float64"), y),
        lambda x, y: (x, y.astype("float64")),
        lambda x, y: (x[:, 1:], y[:, 1:]),
        lambda x, y: (x[1:], y),
        lambda x, y: (x[0], y[0]),
        lambda x, y: (np.concatenate([x, x]), np.concatenate([y, y])),
    ],
)
def test_what_cannot_be_a_block_is_refused(wrong):
    with pytest.raises(ValueError, match="must be float32 of shape"):
        check_drawing(SMALL, *wrong(*draw_batches(SMALL)))


# No false alarm: labels of any teacher, rounded after each operation or after the sum only.

EXPONENTS = {"float32": (-149, 127), "float64": (-1074, 1023)}


def settings_of(dtype):
    low, high = EXPONENTS[dtype]
    sizes = st.builds(
        lambda m, k: float(np.dtype(dtype).type(np.ldexp(m, k))), st.floats(1, 1.99), st.integers(low, high)
    )
    ordinary = st.sampled_from([0.0, 1.0, 0.5, 0.7, 0.25, 3.0]) | st.floats(0, 3)
    return st.builds(lambda size, sign: sign * size, ordinary | sizes, st.sampled_from([1.0, -1.0]))


@st.composite
def teachers(draw):
    dtype = draw(st.sampled_from(DTYPES))
    return dtype, Target(*(draw(settings_of(dtype)) for _ in range(3)))


def rounded(number, dtype):
    """A rational number rounded once, to even; float(Fraction) rounds so to float64."""
    scalar = np.dtype(dtype).type
    info = np.finfo(dtype)
    if abs(number) >= Fraction(float(info.max)) * (1 + Fraction(float(info.eps)) / 4):
        return scalar(np.inf if number > 0 else -np.inf)
    if dtype == "float64":
        return scalar(float(number))
    quantum = Fraction(2) ** max(-149, exponent(number) - 23)
    return scalar(float(round(number / quantum) * quantum))


def exponent(number):
    if number == 0:
        return 0
    size = abs(number)
    guess = size.numerator.bit_length() - size.denominator.bit_length()
    return guess if size >= Fraction(2) ** guess else guess - 1


def exact(dtype, target):
    """A teacher's settings in its dtype, as rational numbers."""
    return (Fraction(float(np.dtype(dtype).type(setting))) for setting in target)


def fused(x, dtype, target):
    """Label of a sample if w x + b is rounded once."""
    w, b, slope = exact(dtype, target)
    z = rounded(w * Fraction(float(x)) + b, dtype)
    return z if z > 0 else rounded(slope * Fraction(float(z)), dtype)


def largest_on_the_way(x, dtype, target):
    w, b, slope = (abs(setting) for setting in exact(dtype, target))
    return max(1, slope) * (w * abs(Fraction(float(x))) + b)


def is_far_from_overflow(x, dtype, target):
    return max(largest_on_the_way(s, dtype, target) for s in x.flat) < Fraction(float(np.finfo(dtype).max)) / 4


@given(teachers(), st.integers(0, 100))
def test_labels_of_any_teacher_raise_no_alarm(teacher, seed):
    dtype, target = teacher
    e = Experiment(batch_size=20, steps=2, seed=seed, dtype=dtype, target=target)
    assert check_drawing(e, *draw_batches(e)).agrees


@given(teachers(), st.integers(0, 100))
def test_fused_labels_of_any_teacher_raise_no_alarm(teacher, seed):
    dtype, target = teacher
    e = Experiment(batch_size=20, steps=2, seed=seed, dtype=dtype, target=target)
    x = draw_batches(e)[0]
    if is_far_from_overflow(x, *teacher):
        y = np.array([[fused(sample, *teacher) for sample in row] for row in x])
        assert check_drawing(e, x, y).agrees


@given(teachers(), st.integers(0, 100))
def test_labels_a_few_roundings_off_are_seen(teacher, seed):
    # Three roundings on each side and what underflow does, the last unit of either a little
    # larger in float64 than in exact numbers, stay below eight units of the largest number.
    dtype, target = teacher
    e = Experiment(batch_size=20, steps=1, seed=seed, dtype=dtype, target=target)
    x, y = draw_batches(e)
    if is_far_from_overflow(x, *teacher):
        unit, least = (Fraction(float(n)) for n in (np.finfo(dtype).eps, np.finfo(dtype).smallest_subnormal))
        steep = 1 + abs(Fraction(float(np.dtype(dtype).type(target.negative_slope))))
        off = [8 * (unit * largest_on_the_way(s, *teacher) + least * steep) for s in x[0]]
        wrong = np.array([[rounded(Fraction(float(label)) + by, dtype) for label, by in zip(y[0], off, strict=True)]])
        assert check_drawing(e, x, wrong).differing == 20
