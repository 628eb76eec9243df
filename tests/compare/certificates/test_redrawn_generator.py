"""NumPy's normal numbers, derived once more from what is published about each of the three stages.

SeedSequence: M. E. O'Neill, "Developing a seed_seq alternative" (2015), whose seed_seq_fe128
NumPy's documentation names as its source. PCG64: M. E. O'Neill, "PCG: a family of simple fast
space-efficient statistically good algorithms for random number generation" (HMC-CS-2014-0905),
a linear congruential generator of 128 bits with the output function XSL-RR. Normal numbers:
G. Marsaglia and W. W. Tsang, "The ziggurat method for generating random variables" (2000), in
256 layers, with 52 bits for the place in a layer. Integers are Python's own here.
"""

import functools
import math

import mpmath
import numpy as np
import pytest

from compare.certificates.redrawn_batches import check_drawing
from reference import Experiment

WORD, DOUBLE_WORD, STATE = 2**32 - 1, 2**64 - 1, 2**128 - 1
MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645  # of L'Ecuyer's table for 2^128
SEEDS = [0, 1, 2026, 2**32 + 5, 2**150 + 7]

R = 3.6541528853610088  # where the tail begins
AREA = 0.0049286732339746519  # of each layer
LAYERS = 256


def hashes(constant, multiplier):
    """seed_seq_fe's hash of one word, whose constant changes from call to call."""
    while True:
        value = yield
        value ^= constant
        constant = constant * multiplier & WORD
        value = value * constant & WORD
        yield value ^ value >> 16


def hashed(hasher, value):
    next(hasher)
    return hasher.send(value)


def mixed(a, b):
    value = (0xCA01F9DD * a - 0x4973F715 * b) & WORD
    return value ^ value >> 16


def seed_words(seed):
    """Eight words of 32 bits from a seed of any size."""
    entropy = [seed >> 32 * i & WORD for i in range(max(1, (seed.bit_length() + 31) // 32))]
    hasher = hashes(0x43B0D7E5, 0x931E8875)
    pool = [hashed(hasher, word) for word in (entropy + [0] * 4)[:4]]
    for source in range(4):
        for i in range(4):
            if i != source:
                pool[i] = mixed(pool[i], hashed(hasher, pool[source]))
    for word in entropy[4:]:
        for i in range(4):
            pool[i] = mixed(pool[i], hashed(hasher, word))
    hasher = hashes(0x8B51F9DD, 0x58F38DED)
    return [hashed(hasher, pool[i % 4]) for i in range(8)]


def integers(seed):
    """PCG64: the stream of 64-bit integers."""
    words = seed_words(seed)
    high, low, high_stream, low_stream = (words[i] | words[i + 1] << 32 for i in (0, 2, 4, 6))
    increment = (2 * (high_stream << 64 | low_stream) + 1) & STATE
    state = ((increment + (high << 64 | low)) * MULTIPLIER + increment) & STATE
    while True:
        state = (state * MULTIPLIER + increment) & STATE
        folded, turn = state >> 64 ^ state & DOUBLE_WORD, state >> 122
        yield (folded >> turn | folded << (64 - turn)) & DOUBLE_WORD


def density(x):
    """exp(-x^2/2) without the constant, rounded once, as a C library does that rounds correctly."""
    with mpmath.workdps(40):
        return float(mpmath.exp(mpmath.mpf(-0.5 * x * x)))


@functools.cache
def ziggurat():
    """Right ends of the layers, the lowest being layer 0, and the density there.

    x_(i-1) is where the density is that of x_i plus AREA / x_i, so that all layers have one
    area; the lowest has the tail in it and would be AREA / f(R) wide. The equation is
    evaluated in float64. NumPy's tables are from a C library that rounded one exponential
    the other way, that for layer 37: it lies 0.498 units above the lower number.
    """
    x = [0.0] * LAYERS
    x[-1] = R
    for i in range(LAYERS - 1, 1, -1):
        height = density(x[i])
        if i == 38:
            with mpmath.workdps(40):
                rest = (mpmath.exp(mpmath.mpf(-0.5 * x[i] * x[i])) - height) / math.ulp(height)
            assert 0.498 < rest < 0.499
            height = math.nextafter(height, 1.0)
        with mpmath.workdps(40):
            logarithm = float(mpmath.log(mpmath.mpf(height + AREA / x[i])))
        x[i - 1] = math.sqrt(-2 * logarithm)
    return [AREA / density(R), *x[1:]], [density(end) for end in x]


def normals(seed, places):
    """The stream of normal numbers; `places` counts from which part of a layer they came."""
    ends, heights = ziggurat()
    inner = [R / ends[0], 0.0, *(ends[i - 1] / ends[i] for i in range(2, LAYERS))]
    stream = integers(seed)
    while True:
        bits = next(stream)
        layer, negative, place = bits & 0xFF, bits >> 8 & 1, bits >> 9 & 2**52 - 1
        x = place * (ends[layer] / 2**52)
        if place < round(inner[layer] * 2**52):
            part, inside = "rectangle", True
        elif layer == 0:
            part, inside = "tail", True
            negative, x = place >> 8 & 1, R + beyond(stream)
        else:
            part = "wedge"
            height = heights[layer] + (heights[layer - 1] - heights[layer]) * uniform(stream)
            inside = height < math.exp(-0.5 * x * x)
        places[part, inside] = places.get((part, inside), 0) + 1
        if inside:
            yield -x if negative else x


def uniform(stream):
    return (next(stream) >> 11) / 2**53


def beyond(stream):
    """Marsaglia's tail: how far a normal number is beyond R."""
    while True:
        x, y = (-scale * math.log1p(-uniform(stream)) for scale in (1 / R, 1.0))
        if 2 * y > x * x:
            return x


@pytest.mark.parametrize("seed", SEEDS)
def test_the_seed_makes_the_published_words(seed):
    assert np.random.SeedSequence(seed).generate_state(8).tolist() == seed_words(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_stream_of_integers_is_the_published_one(seed):
    stream = integers(seed)
    assert np.random.PCG64(seed).random_raw(5000).tolist() == [next(stream) for _ in range(5000)]


@pytest.mark.parametrize("seed", SEEDS)
def test_samples_are_the_published_normal_numbers_bit_for_bit(seed):
    places = {}
    e = Experiment(seed=seed, batch_size=1000, steps=20, dtype="float64")
    stream = normals(seed, places)
    x = np.array([[next(stream) for _ in range(e.batch_size)] for _ in range(e.steps)])
    assert check_drawing(e, x, np.maximum(x, 0)) == (2 * x.size, 0, None)
    assert places["rectangle", True] > 19_000
    assert min(places["wedge", True], places["wedge", False]) > 50
    assert places["tail", True] >= 1


def test_the_layers_have_one_area_and_end_at_the_top():
    ends, heights = ziggurat()
    with mpmath.workdps(40):
        lowest = R * mpmath.exp(-(mpmath.mpf(R) ** 2) / 2) + mpmath.sqrt(mpmath.pi / 2) * mpmath.erfc(
            R / mpmath.sqrt(2)
        )
        assert abs(lowest - AREA) <= 4 * math.ulp(AREA)
        top = ends[1] * (1 - mpmath.exp(-(mpmath.mpf(ends[1]) ** 2) / 2))
        # 254 steps of the recursion, each a few roundings of numbers below 1, add up.
        assert abs(top - AREA) <= 254 * 4 * math.ulp(1.0)
    assert heights[0] == 1.0
    assert ends[1:] == sorted(ends[1:])


def test_a_million_draws_have_the_moments_of_a_normal_number():
    # Of n draws the mean has the deviation (1/n)^(1/2), the variance (2/n)^(1/2), skewness
    # (6/n)^(1/2) and kurtosis (24/n)^(1/2) (Cramer, Mathematical Methods of Statistics,
    # 27.7); one in a million of right ones is five deviations off.
    e = Experiment(seed=0, batch_size=1000, steps=1000, dtype="float64")
    x = np.random.Generator(np.random.PCG64(np.random.SeedSequence(0))).standard_normal((e.steps, e.batch_size))
    assert check_drawing(e, x, np.maximum(x, 0)).agrees
    n, mean, variance = x.size, x.mean(), x.var()
    z = (x - mean) / math.sqrt(variance)
    assert abs(mean) <= 5 * math.sqrt(1 / n)
    assert abs(variance - 1) <= 5 * math.sqrt(2 / n)
    assert abs(np.mean(z**3)) <= 5 * math.sqrt(6 / n)
    assert abs(np.mean(z**4) - 3) <= 5 * math.sqrt(24 / n)
