"""Each optimizer against its textbook form in 50-digit arithmetic, over steps of changing gradients.

The textbook forms here are sums over all past gradients, where the code under test keeps
running means. Settings are rounded as the docstrings say; nothing else is rounded here.
"""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from compare.rounding import Ball
from reference import OPTIMIZERS, SGD, Adam, AdamW, OptimizerState, Parameters, RMSprop

DTYPES = ["float32", "float64"]
START = Parameters(w=-1.25, b=0.5, v=3.0, d=1e-3)
GRADIENTS = [  # one sequence for each parameter: decaying, alternating, tiny, growing after a zero
    (4.0, 2.5, -0.75, 0.25, 0.125, -0.0625),
    (-1.0, 1.5, -2.0, 2.5, -3.0, 3.5),
    (1e-4, -3e-4, 2e-4, 1e-5, -2e-5, 5e-4),
    (0.0, 0.1, -0.3, 0.9, 2.7, -8.1),
]
VARIANTS = [
    SGD(),
    SGD(learning_rate=-0.3),
    SGD(learning_rate=0.1, momentum=0.9),
    SGD(learning_rate=0.1, momentum=0.7, nesterov=True),
    SGD(nesterov=True),
    Adam(),
    Adam(learning_rate=0.1, beta_1=0.8, beta_2=0.99, epsilon=1e-4),
    Adam(learning_rate=0.1, amsgrad=True),
    Adam(beta_1=0.0, beta_2=0.0),
    AdamW(),
    AdamW(learning_rate=0.1, weight_decay=0.3, amsgrad=True),
    RMSprop(),
    RMSprop(learning_rate=0.1, rho=0.7, momentum=0.6, epsilon=1e-3),
    RMSprop(learning_rate=0.1, rho=0.7, centered=True),
    RMSprop(learning_rate=0.1, rho=0.7, momentum=0.6, centered=True),
]


def rounded(setting, dtype):
    return mpmath.mpf(float(np.dtype(dtype).type(setting)))


def by_float32(setting):
    return mpmath.mpf(float(np.float32(setting)))


def discounted(decay, terms, t):
    """Sum over s <= t of decay^(t - s) terms[s]."""
    return mpmath.fsum(decay ** (t - s) * terms[s] for s in range(t + 1))


def sgd(o, w, g, dtype):
    lr, mu = rounded(o.learning_rate, dtype), by_float32(o.momentum)
    velocity = [-lr * discounted(mu, g, t) for t in range(len(g))]
    ahead = [mu * m - lr * a for m, a in zip(velocity, g, strict=True)]
    slots = {"momentum": velocity[-1]} if o.momentum else {}
    return w + mpmath.fsum(ahead if o.nesterov and o.momentum else velocity), slots


def adam(o, w, g, dtype, weight_decay=0.0):
    lr, epsilon = rounded(o.learning_rate, dtype), rounded(o.epsilon, dtype)
    beta_1, beta_2 = by_float32(o.beta_1), by_float32(o.beta_2)
    rest_1, rest_2 = rounded(1 - o.beta_1, dtype), rounded(1 - o.beta_2, dtype)
    keep = 1 - by_float32(weight_decay) * lr
    first = [rest_1 * discounted(1 - rest_1, g, t) for t in range(len(g))]
    second = [rest_2 * discounted(1 - rest_2, [a**2 for a in g], t) for t in range(len(g))]
    largest = [max(second[: t + 1]) for t in range(len(g))]
    moves = []
    for t, m in enumerate(first):
        correction_1, correction_2 = 1 - beta_1 ** (t + 1), 1 - beta_2 ** (t + 1)
        v = largest[t] if o.amsgrad else second[t]
        root = mpmath.sqrt(v / correction_2) + epsilon / mpmath.sqrt(correction_2)
        moves.append(-lr * (m / correction_1) / root)
    slots = {"momentum": first[-1], "velocity": second[-1]}
    if o.amsgrad:
        slots["velocity_hat"] = largest[-1]
    return w * keep ** len(g) + discounted(keep, moves, len(g) - 1), slots


def adamw(o, w, g, dtype):
    return adam(o, w, g, dtype, weight_decay=o.weight_decay)


def rmsprop(o, w, g, dtype):
    lr, epsilon, mu = (rounded(a, dtype) for a in (o.learning_rate, o.epsilon, o.momentum))
    rho, rest = rounded(o.rho, dtype), rounded(1 - o.rho, dtype)
    square = [rest * discounted(rho, [a**2 for a in g], t) for t in range(len(g))]
    mean = [rest * discounted(rho, g, t) for t in range(len(g))]
    variance = [v - a**2 if o.centered else v for v, a in zip(square, mean, strict=True)]
    moves = [lr * a / mpmath.sqrt(q + epsilon) for a, q in zip(g, variance, strict=True)]
    velocity = [discounted(mu, moves, t) for t in range(len(g))]
    slots = {"velocity": square[-1]}
    if o.momentum:
        slots["momentum"] = velocity[-1]
    if o.centered:
        slots["average_gradient"] = mean[-1]
    return w - mpmath.fsum(velocity), slots


RULES = {"SGD": sgd, "Adam": adam, "AdamW": adamw, "RMSprop": rmsprop}


def expected(optimizer, dtype):
    """Final parameters and slots by the textbook, with 50 digits."""
    with mpmath.workdps(50):
        named = zip(START, GRADIENTS, strict=True)
        rule = RULES[type(optimizer).__name__]
        exact = [rule(optimizer, rounded(w, dtype), [rounded(a, dtype) for a in g], dtype) for w, g in named]
        slots = {slot: Parameters(*(own[slot] for _, own in exact)) for slot in exact[0][1]}
        return Parameters(*(w for w, _ in exact)), slots


def run(optimizer, dtype):
    """Final parameters and slots by the code under test, with the error bounds of all steps together."""
    scalar = np.dtype(dtype).type
    parameters = Parameters(*(Ball.exact(scalar(p)) for p in START))
    zeros = Parameters(*(Ball.exact(scalar(0)) for _ in START))
    slots = dict.fromkeys(optimizer.slots, zeros)
    for t, gradients in enumerate(zip(*GRADIENTS, strict=True)):
        state = OptimizerState(Ball.exact(scalar(t)), slots)
        gradient = Parameters(*(Ball.exact(scalar(g)) for g in gradients))
        with np.errstate(invalid="ignore"):  # radii that say nothing
            parameters, (_, slots) = optimizer.step(parameters, gradient, state)
    return parameters, slots


def beyond_bounds(optimizer, textbook, dtype):
    """Names of the results of `optimizer` that rounding can't reconcile with `textbook`."""
    names = Parameters._fields
    ours, our_slots = run(optimizer, dtype)
    exact, exact_slots = expected(textbook, dtype)
    pairs = {name: (getattr(ours, name), getattr(exact, name)) for name in names}
    for slot in our_slots.keys() & exact_slots.keys():
        pairs |= {
            f"{slot}.{name}": (getattr(our_slots[slot], name), getattr(exact_slots[slot], name)) for name in names
        }
    with mpmath.workdps(50):
        return {
            name
            for name, (ball, value) in pairs.items()
            if not abs(mpmath.mpf(float(ball.value)) - value) <= float(ball.bound)
        }


def test_every_optimizer_has_a_textbook_form_and_a_variant():
    assert RULES.keys() == OPTIMIZERS.keys() == {type(optimizer).__name__ for optimizer in VARIANTS}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_six_steps_equal_the_textbook_within_rounding(optimizer, dtype):
    assert run(optimizer, dtype)[1].keys() == expected(optimizer, dtype)[1].keys()
    assert beyond_bounds(optimizer, optimizer, dtype) == set()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_plain_numbers_take_the_path_that_the_bounds_were_derived_for(optimizer, dtype):
    scalar = np.dtype(dtype).type
    parameters = Parameters(*(scalar(p) for p in START))
    state = optimizer.init(parameters)
    for gradients in zip(*GRADIENTS, strict=True):
        parameters, state = optimizer.step(parameters, Parameters(*(scalar(g) for g in gradients)), state)
    balls, slots = run(optimizer, dtype)
    assert [p.tobytes() for p in parameters] == [ball.value.tobytes() for ball in balls]
    for slot, group in state.slots.items():
        assert [s.tobytes() for s in group] == [ball.value.tobytes() for ball in slots[slot]]


MISTAKES = [  # an optimizer, and the textbook form of another that it must not be confused with
    (SGD(learning_rate=0.01), SGD(learning_rate=0.01001)),
    (SGD(momentum=0.9), SGD()),
    (SGD(momentum=0.9), SGD(learning_rate=0.001, momentum=0.9)),
    (SGD(momentum=0.9), SGD(momentum=0.9, nesterov=True)),
    (SGD(momentum=0.9, nesterov=True), SGD(momentum=0.9)),
    (Adam(), Adam(beta_1=0.8)),
    (Adam(), Adam(beta_2=0.9)),
    (Adam(), Adam(beta_1=0.999, beta_2=0.9)),
    (Adam(), Adam(epsilon=1e-8)),
    (Adam(), Adam(epsilon=1e-6)),
    (Adam(beta_2=0.9), Adam(beta_2=0.9, amsgrad=True)),
    (Adam(beta_2=0.9, amsgrad=True), Adam(beta_2=0.9)),
    (AdamW(), AdamW(weight_decay=0.0)),
    (AdamW(), AdamW(weight_decay=4.0)),
    (RMSprop(), RMSprop(rho=0.95)),
    (RMSprop(), RMSprop(epsilon=1e-8)),
    (RMSprop(), RMSprop(centered=True)),
    (RMSprop(centered=True), RMSprop()),
    (RMSprop(momentum=0.5), RMSprop()),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("optimizer", "other"), MISTAKES, ids=repr)
def test_the_bounds_tell_an_optimizer_from_its_relatives(optimizer, other, dtype):
    assert beyond_bounds(optimizer, other, dtype)


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_changing_learning_rate_acts_on_the_coming_gradients_only(nesterov):
    # By hand, gradient 1 throughout and momentum 1/2: after one step at rate 1 the velocity is
    # -1; a rate of 1/4 then makes it -1/2 - 1/4, and not (-1 - 1/2) / 4.
    one, gradient = Parameters(1.0, 0.0, 0.0, 0.0), Parameters(1.0, None, None, None)
    fast = SGD(learning_rate=1.0, momentum=0.5, nesterov=nesterov)
    parameters, state = fast.step(one, gradient, fast.init(one))
    assert parameters.w == (1 - 1.5 if nesterov else 1 - 1)
    after, state = replace(fast, learning_rate=0.25).step(parameters, gradient, state)
    assert state.slots["momentum"].w == -0.75
    assert after.w - parameters.w == (-0.375 - 0.25 if nesterov else -0.75)


def test_amsgrad_remembers_the_largest_second_moment_before_bias_correction():
    # By hand: beta_2 = 3/4 and gradients 4, 0 give v = 4, 3; the raw maximum stays 4, whereas
    # after bias correction it would be 4/(1/4) = 16 from the first step.
    adam = Adam(learning_rate=1.0, beta_1=0.5, beta_2=0.75, epsilon=0.0, amsgrad=True)
    parameters = Parameters(0.0, 0.0, 0.0, 0.0)
    state = adam.init(parameters)
    seen = []
    for g in (4.0, 0.0):
        parameters, state = adam.step(parameters, Parameters(g, None, None, None), state)
        seen.append(tuple(state.slots[slot].w for slot in adam.slots))
    assert seen == [(2.0, 4.0, 4.0), (1.0, 3.0, 4.0)]


def test_decay_comes_before_the_step_and_leaves_the_moments_alone():
    # By hand: 1 - 1 * 1/2 * 1/4 = 7/8, then Adam's first step of length 1/4.
    adamw = AdamW(learning_rate=0.25, weight_decay=0.5, beta_1=0.5, beta_2=0.75, epsilon=0.0)
    one = Parameters(1.0, 0.0, 0.0, 0.0)
    parameters, state = adamw.step(one, Parameters(8.0, None, None, None), adamw.init(one))
    assert (parameters.w, state.slots["momentum"].w, state.slots["velocity"].w) == (0.625, 4.0, 16.0)


def test_epsilon_stands_outside_the_root_in_adam_and_inside_in_rmsprop():
    # By hand, gradient 2 and epsilon 5/4: sqrt(4) + 5/4 = 13/4 against sqrt(1 + 5/4) = 3/2.
    one, gradient = Parameters(0.0, 0.0, 0.0, 0.0), Parameters(2.0, None, None, None)
    adam = Adam(learning_rate=13.0, beta_1=0.0, beta_2=0.0, epsilon=1.25)
    rmsprop = RMSprop(learning_rate=3.0, rho=0.75, epsilon=1.25)
    assert adam.step(one, gradient, adam.init(one))[0].w == -8.0
    assert rmsprop.step(one, gradient, rmsprop.init(one))[0].w == -4.0


def test_centered_rmsprop_divides_by_zero_where_the_variance_cancels():
    # With rho = 0 the mean of the squares is the square of the mean.
    rmsprop = RMSprop(rho=0.0, epsilon=0.0, centered=True)
    one = Parameters(1.0, 0.0, 0.0, 0.0)
    with np.errstate(divide="ignore"):
        parameters, _ = rmsprop.step(one, Parameters(np.float64(2.0), None, None, None), rmsprop.init(one))
    assert parameters.w == -np.inf
