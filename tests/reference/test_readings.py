"""The formulas of other systems against hand algebra and 50 digits, and what holds for readings as for optimizers."""

import pickle
from dataclasses import fields, replace

import mpmath
import numpy as np
import pytest

from compare.rounding import Ball
from reference import OPTIMIZERS, SGD, Adam, AdamW, Experiment, Parameters, RMSprop, train
from reference.optimizers import READINGS, Optimizer, optax, paper, pytorch, translate

DTYPES = ["float32", "float64"]
GRADIENTS = (4.0, 2.5, -0.75, 0.25, 1.125, -0.0625)
START = -1.25

VARIANTS = [
    pytorch.SGD(),
    pytorch.SGD(learning_rate=0.1, weight_decay=0.3),
    pytorch.SGD(learning_rate=0.1, momentum=0.9),
    pytorch.SGD(learning_rate=0.1, momentum=0.9, dampening=0.7, weight_decay=0.3),
    pytorch.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    pytorch.Adam(),
    pytorch.Adam(learning_rate=0.1, beta_1=0.3, epsilon=0.1, weight_decay=0.3),
    pytorch.Adam(learning_rate=0.1, epsilon=0.1, beta_2=0.9, amsgrad=True),
    pytorch.AdamW(),
    pytorch.AdamW(learning_rate=0.1, epsilon=0.1, beta_2=0.9, amsgrad=True, weight_decay=0.3),
    pytorch.RMSprop(),
    pytorch.RMSprop(learning_rate=0.1, rho=0.7, momentum=0.6, epsilon=0.1, weight_decay=0.3),
    pytorch.RMSprop(learning_rate=0.1, rho=0.3, centered=True, epsilon=0.1),
    optax.SGD(learning_rate=0.1),
    optax.SGD(learning_rate=0.1, momentum=0.9),
    optax.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    optax.Adam(learning_rate=0.1),
    optax.Adam(learning_rate=0.1, beta_1=0.3, epsilon=0.1, eps_root=0.2),
    optax.Adam(learning_rate=0.1, epsilon=0.1, beta_2=0.9, amsgrad=True),
    optax.AdamW(learning_rate=0.1),
    optax.AdamW(learning_rate=0.1, epsilon=0.1, beta_2=0.9, amsgrad=True, weight_decay=0.3),
    optax.RMSprop(learning_rate=0.1),
    optax.RMSprop(learning_rate=0.1, momentum=0.6, epsilon=0.1, eps_in_sqrt=False, initial_scale=1.0),
    optax.RMSprop(learning_rate=0.1, momentum=0.6, epsilon=0.1, nesterov=True, centered=True),
    optax.RMSprop(learning_rate=0.1, rho=0.7, epsilon=0.1, bias_correction=True, centered=True),
    paper.SGD(learning_rate=0.1),
    paper.SGD(learning_rate=0.1, momentum=0.9),
    paper.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    paper.Adam(),
    paper.Adam(learning_rate=0.1, epsilon=0.1, beta_2=0.9),
    paper.Adam(learning_rate=0.1, epsilon=0.1, beta_2=0.9, amsgrad=True),
    paper.AdamW(learning_rate=0.1, epsilon=0.1, weight_decay=0.3),
    paper.RMSprop(learning_rate=0.1),
    paper.RMSprop(learning_rate=0.1, rho=0.7, epsilon=0.1),
]
every_variant = pytest.mark.parametrize("optimizer", VARIANTS, ids=lambda o: f"{system(o)}.{o!r}")


def system(optimizer):
    return type(optimizer).__module__.rpartition(".")[2]


# --- By hand -------------------------------------------------------------------------------------------------------

# With beta_1 = 1/2, beta_2 = 3/4 and g = 8, 20: m = 4, 12 over 1/2, 3/4 and v = 16, 112 over 1/4, 7/16, so that m_hat
# is 8, 16, and so is the root of v_hat. Without correction the second root would be that of 112, no rational number.
# With rho = 3/4 and g = 4, 2: v = 4, 4.
ADAM = {"learning_rate": 0.25, "beta_1": 0.5, "beta_2": 0.75}
PROP = {"learning_rate": 0.25, "rho": 0.75}
BY_HAND = [  # w = 1 after each step
    (pytorch.SGD(learning_rate=0.25, momentum=0.5, dampening=0.5), (1, 1, 2), (0.75, 0.5, 0.125)),
    (pytorch.SGD(learning_rate=0.25, momentum=0.5, weight_decay=1.0), (1, 1), (0.5, -0.125)),
    (pytorch.SGD(learning_rate=0.25, momentum=0.5, nesterov=True), (1, 1), (0.625, 0.1875)),
    (optax.SGD(learning_rate=0.25, momentum=0.5), (1, 1, 2), (0.75, 0.375, -0.3125)),
    (paper.SGD(learning_rate=0.25, momentum=0.5), (1, 1, 2), (0.75, 0.375, -0.3125)),
    (paper.SGD(learning_rate=0.25, momentum=0.5, nesterov=True), (1, 1), (0.625, 0.1875)),
    (pytorch.Adam(**ADAM, epsilon=0.0), (8, 20), (0.75, 0.5)),
    (optax.Adam(**ADAM, epsilon=0.0), (8, 20), (0.75, 0.5)),
    (paper.Adam(**ADAM, epsilon=0.0), (8, 20), (0.75, 0.5)),
    (pytorch.Adam(**ADAM, epsilon=8.0), (8,), (0.875,)),
    (optax.Adam(**ADAM, epsilon=6.0, eps_root=36.0), (8,), (0.875,)),  # sqrt(64 + 36) + 6 = 16
    (paper.Adam(**ADAM, epsilon=12.0, amsgrad=True), (8,), (0.9375,)),  # 4 / (4 + 12)
    (pytorch.Adam(**ADAM, epsilon=8.0, weight_decay=4.0), (4,), (0.875,)),  # the gradient is 4 + 4
    (pytorch.AdamW(**ADAM, epsilon=8.0, weight_decay=2.0), (8,), (0.375,)),  # 1 - 1/2, then as above
    (optax.AdamW(**ADAM, epsilon=8.0, weight_decay=2.0), (8,), (0.375,)),
    (paper.AdamW(**ADAM, epsilon=8.0, weight_decay=0.5), (8,), (0.375,)),
    (pytorch.RMSprop(**PROP, epsilon=2.0), (4, 2), (0.75, 0.625)),
    (pytorch.RMSprop(**PROP, momentum=0.5, epsilon=2.0), (4, 2), (0.75, 0.5)),
    (optax.RMSprop(**PROP, epsilon=12.0), (4, 2), (0.75, 0.625)),
    (optax.RMSprop(**PROP, epsilon=2.0, eps_in_sqrt=False), (4, 2), (0.75, 0.625)),
    (optax.RMSprop(**PROP, epsilon=0.0, initial_scale=16.0), (0, 32), (1.0, 1 - 8 / 265**0.5)),  # v = 12, 265
    (optax.RMSprop(**PROP, epsilon=0.0, bias_correction=True), (4,), (0.75,)),
    (paper.RMSprop(**PROP), (4, 2), (0.5, 0.25)),
]


@pytest.mark.parametrize(("optimizer", "gradients", "expected"), BY_HAND, ids=lambda value: repr(value)[:60])
def test_the_first_steps_are_those_by_hand(optimizer, gradients, expected):
    parameters = Parameters(*(Ball.exact(np.float64(p)) for p in (1.0, 0.0, 1.0, 0.0)))
    state = optimizer.init(Parameters(*(np.float64(0) for _ in range(4))))
    state = state._replace(slots={n: Parameters(Ball.exact(np.float64(0)), None, None, None) for n in state.slots})
    for t, (g, w) in enumerate(zip(gradients, expected, strict=True)):
        gradient = Parameters(Ball.exact(np.float64(g)), None, None, None)
        state = state._replace(iterations=Ball.exact(np.float64(t)))
        parameters, state = optimizer.step(parameters, gradient, state)
        assert abs(float(parameters.w.value) - w) <= parameters.w.bound
        assert np.isfinite(parameters.w.bound)


def test_nesterovs_form_is_the_look_ahead_of_sutskever_and_others():
    # On the loss w^2 / 2, whose gradient is the parameter itself; all numbers are dyadic and exact.
    lr, mu, u, m = 0.25, 0.5, 1.0, 0.0
    sgd, p = paper.SGD(learning_rate=lr, momentum=mu, nesterov=True), Parameters(w=1.0)
    state = sgd.init(p)
    for _ in range(8):
        p, state = sgd.step(p, Parameters(float(p.w), None, None, None), state)
        m = mu * m - lr * (u + mu * m)
        u += m
        assert float(p.w) == u + mu * m


@pytest.mark.parametrize(
    "optimizer", [paper.RMSprop(learning_rate=0.1), paper.Adam(epsilon=0.0, amsgrad=True)], ids=["RMSprop", "AMSGrad"]
)
def test_without_an_epsilon_the_first_zero_gradient_leaves_no_number(optimizer):
    with np.errstate(invalid="ignore"):
        w, _ = optimizer.update(np.float64(1), np.float64(0), 0, dict.fromkeys(optimizer.slots, np.float64(0)))
    assert np.isnan(w)


# --- With 50 digits, by sums over all past gradients ---------------------------------------------------------------


def discounted(decay, terms):
    return mpmath.fsum(decay ** (len(terms) - 1 - s) * term for s, term in enumerate(terms))


def textbook(o, dtype):
    """The parameter after all steps."""
    kind, name = system(o), type(o).__name__
    near = {f.name: mpmath.mpf(float(np.dtype(dtype).type(getattr(o, f.name)))) for f in fields(o)}
    double = {f.name: mpmath.mpf(float(getattr(o, f.name))) for f in fields(o)}

    def rest(setting):
        return mpmath.mpf(float(np.dtype(dtype).type(1 - getattr(o, setting))))

    coupled = near["weight_decay"] if "weight_decay" in near and name != "AdamW" else 0
    w, past = near_of(START, dtype), []
    for g in GRADIENTS:
        past.append(near_of(g, dtype) + coupled * w)
        if name == "SGD":
            mu, heavy = near["momentum"], o.momentum > 0
            fed = [a * (rest("dampening") if "dampening" in near and heavy and s else 1) for s, a in enumerate(past)]
            m = discounted(mu, fed)
            w -= near["learning_rate"] * (past[-1] + mu * m if o.nesterov and heavy else m)
        elif name == "RMSprop":
            w = rmsprop(o, kind, near, rest("rho"), past, w)
        else:
            change = adam(o, kind, near, double, rest, past)
            if name == "Adam":
                w -= change
            elif kind == "pytorch":
                w = w * near_of(1 - o.learning_rate * o.weight_decay, dtype) - change
            else:
                w -= change + near["weight_decay"] * w * (near["learning_rate"] if kind == "optax" else 1)
    return w


def near_of(number, dtype):
    return mpmath.mpf(float(np.dtype(dtype).type(number)))


def adam(o, kind, near, double, rest, past):
    keep = 1 - rest("beta_1") if kind == "pytorch" else near["beta_1"]
    m = rest("beta_1") * discounted(keep, past)
    power = near if kind == "optax" else double
    corrections = [1 - power["beta_2"] ** (t + 1) for t in range(len(past))]
    raw = [rest("beta_2") * discounted(near["beta_2"], [a**2 for a in past[: t + 1]]) for t in range(len(past))]
    m_hat = m / (1 - power["beta_1"] ** len(past))
    corrected = [v / c for v, c in zip(raw, corrections, strict=True)]
    if not o.amsgrad:
        v_hat = corrected[-1]
    elif kind == "pytorch":
        v_hat = max(raw) / corrections[-1]
    elif kind == "optax":
        v_hat = max(corrected)
    else:
        m_hat, v_hat = m, max(raw)
    lr = double["learning_rate"] if kind == "pytorch" else near["learning_rate"]
    return lr * m_hat / (mpmath.sqrt(v_hat + near.get("eps_root", 0)) + near["epsilon"])


def rmsprop(o, kind, near, rest, past, w):
    rho, moves = near["rho"], []
    for t in range(len(past)):
        seen = past[: t + 1]
        v = rest * discounted(rho, [a**2 for a in seen]) + near.get("initial_scale", 0) * rho ** (t + 1)
        keep = 1 - rest if kind == "pytorch" else rho
        a = rest * discounted(keep, seen)
        corrected = 1 - rho ** (t + 1) if near.get("bias_correction") else 1
        q = v / corrected - (a / corrected) ** 2 * near.get("centered", 0)
        inside = near["epsilon"] * near.get("eps_in_sqrt", 0)
        moves.append(past[t] / (mpmath.sqrt(q + inside) + near["epsilon"] * (1 - near.get("eps_in_sqrt", 0))))
    mu = near.get("momentum", 0)
    m = discounted(mu, moves)
    return w - near["learning_rate"] * (moves[-1] + mu * m if near.get("nesterov") else m)


def run(optimizer, dtype):
    scalar = np.dtype(dtype).type
    w, slots = Ball.exact(scalar(START)), {name: Ball.exact(scalar(0)) for name in optimizer.slots}
    for t, g in enumerate(GRADIENTS):
        w, slots = optimizer.update(w, Ball.exact(scalar(g)), Ball.exact(scalar(t)), slots)
    return w


@pytest.mark.parametrize("dtype", DTYPES)
@every_variant
def test_six_steps_equal_the_textbook_within_rounding_and_no_other(optimizer, dtype):
    ball = run(optimizer, dtype)
    assert np.isfinite(ball.bound)
    with mpmath.workdps(50):
        assert abs(mpmath.mpf(float(ball.value)) - textbook(optimizer, dtype)) <= float(ball.bound)
        slower = replace(optimizer, learning_rate=0.99 * optimizer.learning_rate)
        assert abs(mpmath.mpf(float(ball.value)) - textbook(slower, dtype)) > float(ball.bound)


@pytest.mark.parametrize("dtype", DTYPES)
@every_variant
def test_counts_may_be_integers_arrays_or_balls_with_the_same_result(optimizer, dtype):
    scalar = np.dtype(dtype).type
    w, slots = scalar(START), dict.fromkeys(optimizer.slots, scalar(0))
    for t, g in enumerate(GRADIENTS):
        many = {name: np.array([slot, slot]) for name, slot in slots.items()}
        pairs, _ = optimizer.update(np.array([w, w]), np.array([g, g], dtype), np.array([t, t]), many)
        w, slots = optimizer.update(w, scalar(g), t, slots)
        assert type(w) is scalar
        assert {type(slot) for slot in slots.values()} <= {scalar}
        assert pairs.dtype == dtype
    assert w.tobytes() == run(optimizer, dtype).value.tobytes()


# --- What holds for every optimizer --------------------------------------------------------------------------------


def test_every_system_has_the_same_names_and_says_how_it_differs():
    assert all(kinds.keys() == OPTIMIZERS.keys() for kinds in READINGS.values())
    assert READINGS["keras"] == OPTIMIZERS
    clauses = [kind.differs for kinds in READINGS.values() for kind in kinds.values()]
    assert all(len(clause) > 20 and clause[-1] != "." and clause[0].islower() for clause in clauses)
    assert all(kind.constants == "direct" for name in READINGS if name != "keras" for kind in READINGS[name].values())
    assert {type(optimizer) for optimizer in VARIANTS} == {
        kind for name in READINGS if name != "keras" for kind in READINGS[name].values()
    }


@every_variant
def test_a_reading_is_a_value_that_no_experiment_changes(optimizer):
    assert optimizer == replace(optimizer)
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer
    for constants in ("direct", "float32"):
        assert Experiment(optimizer=optimizer, constants=constants).optimizer is optimizer
    same_name = OPTIMIZERS[type(optimizer).__name__]()
    assert optimizer != same_name


@every_variant
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_ensemble_of_learning_rates_and_momenta_trains_as_its_members(optimizer, dtype):
    rates = np.array([0.01, 0.1, 0.3])
    settings = {"learning_rate": rates}
    if "momentum" in {f.name for f in fields(optimizer)}:
        settings["momentum"] = np.array([0.0, 0.5, 0.9])
    whole = Experiment(
        initial=Parameters(w=-0.5), batch_size=8, steps=20, dtype=dtype, optimizer=replace(optimizer, **settings)
    )
    together = train(whole, method="neuron")
    for i in range(3):
        alone = replace(whole, optimizer=whole.optimizer.member((3,), i))
        assert together.parameters.w[:, i].tobytes() == train(alone).parameters.w.tobytes()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: pytorch.SGD(momentum=0.5, dampening=0.5, nesterov=True),
            "SGD.dampening must be 0 with nesterov, got 0.5",
        ),
        (lambda: pytorch.SGD(dampening=2), "SGD.dampening must be in [0, 1], got 2"),
        (lambda: pytorch.RMSprop(rho=2), "RMSprop.rho must be in [0, 1], got 2"),
        (lambda: optax.Adam(beta_1=0.5), "Adam.__init__() missing 1 required keyword-only argument: 'learning_rate'"),
        (lambda: paper.AdamW(), "AdamW.__init__() missing 1 required keyword-only argument: 'weight_decay'"),
        (lambda: translate(SGD(), "jax"), "kind must be one of ('keras', 'pytorch', 'optax', 'paper'), got 'jax'"),
        (lambda: translate(Unheard(), "optax"), "optax has no optimizer Unheard"),
        (lambda: translate(pytorch.Adam(weight_decay=0.1), "optax"), "optax.Adam has no setting weight_decay"),
        (lambda: translate(RMSprop(momentum=[0.0, 0.1]), "paper"), "paper.RMSprop has no setting momentum"),
        (lambda: translate(RMSprop(centered=True), "paper"), "paper.RMSprop has no setting centered"),
        (
            lambda: translate(optax.RMSprop(learning_rate=1, eps_in_sqrt=False), "keras"),
            "keras.RMSprop has no setting eps_in_sqrt",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert str(error.value) == message


class Unheard(Optimizer):
    slots = ()

    def update(self, w, g, iterations, slots):
        return w, {}


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.5), Adam(amsgrad=True), AdamW(), RMSprop(rho=0.5)], ids=repr)
@pytest.mark.parametrize("kind", ["pytorch", "optax", "paper"])
def test_there_and_back_again_is_the_same_optimizer(optimizer, kind):
    there = translate(optimizer, kind)
    assert type(there) is READINGS[kind][type(optimizer).__name__]
    assert translate(there, "keras") == optimizer
    assert translate(optimizer.with_constants("direct"), "keras") == optimizer
