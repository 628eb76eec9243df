"""A function of somebody's own as a subject: what it must return, what is compared, and what an error does."""

import numpy as np
import pytest

from compare import certify
from compare.subjects import Function
from reference import SGD, Adam, Experiment, Parameters, backward, forward, mean_squared_error
from reference.optimizers import pytorch

START = Parameters(w=-1.0, b=0.5)
COMMON = {"initial": START, "trainable": ("w", "b"), "negative_slope": 0.25, "batch_size": 64, "steps": 40}


def neuron(parameters, x, y, slope=0.25):
    """Loss, gradient by w and by b, and y_pred, in the dtype of the samples, by formulas of their own."""
    kind = x.dtype.type
    z = parameters.w * x + parameters.b
    inside = np.where(z > 0, kind(1), kind(slope))
    y_pred = inside * z
    e = y_pred - y
    gradient = {"w": (2 * e * inside * x).mean(), "b": (2 * e * inside).mean()}
    return (e * e).mean(), gradient, y_pred


def momentum_step(rate=0.125, momentum=0.75, shows=(), spoil=1.0, in_slot=1.0):
    """A step of SGD with momentum; `shows` says what it returns besides, the spoils are factors where they act."""

    def step(parameters, x, y, state):
        kind = x.dtype.type
        loss, gradient, y_pred = neuron(parameters, x, y)
        velocity = {"w": kind(0), "b": kind(0)} if state is None else state
        velocity = {n: kind(momentum) * velocity[n] * kind(in_slot) - kind(rate) * gradient[n] for n in gradient}
        moved = {n: (getattr(parameters, n) + velocity[n]) * kind(spoil) for n in gradient}
        seen = {"loss": loss, "gradient": gradient, "y_pred": y_pred, "momentum": velocity}
        return moved, velocity, {what: seen[what] for what in shows}

    return step


EVERYTHING = ("y_pred", "loss", "gradient", "momentum")


@pytest.mark.parametrize("shows", [(), ("gradient",), ("momentum",), ("loss", "momentum"), EVERYTHING])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_right_step_agrees_whatever_it_shows_and_what_it_hides_is_not_counted(shows, dtype):
    experiment = Experiment(**COMMON, optimizer=SGD(learning_rate=0.125, momentum=0.75), dtype=dtype)
    certificate = certify(experiment, subject=momentum_step(shows=shows))
    assert certificate.agrees, certificate
    assert certificate.worst <= 1
    assert certificate.compared["w"] > 40
    for quantity in certificate.compared:
        group = quantity.rpartition(".")[0] or quantity
        assert (certificate.compared[quantity] > 0) == (group in (*shows, "w", "b")), quantity
        assert (quantity in certificate.unseen) == (certificate.compared[quantity] == 0)


@pytest.mark.parametrize("shows", [(), ("gradient", "momentum"), EVERYTHING])
@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 0.125 * (1 + 2**-20)},
        {"momentum": 0.75 * (1 + 2**-20)},
        {"spoil": 1 + 2**-20},
        {"in_slot": 1 - 2**-20},
        {"momentum": 0.0},
        {"rate": 0.25},
    ],
    ids=str,
)
def test_a_wrong_step_is_seen_also_in_what_is_hidden(shows, wrong):
    experiment = Experiment(**COMMON, optimizer=SGD(learning_rate=0.125, momentum=0.75))
    certificate = certify(experiment, subject=momentum_step(shows=shows, **wrong))
    assert not certificate.agrees
    assert certificate.worst > 1
    assert certificate.first_disagreement.subject == "step"


def test_hidden_slots_go_on_from_block_to_block(monkeypatch):
    monkeypatch.setattr("reference.experiment.SAMPLES_PER_BLOCK", 640)
    monkeypatch.setattr("compare.certificates.certification.SAMPLES_PER_BLOCK", 640)
    experiment = Experiment(**COMMON, optimizer=SGD(learning_rate=0.125, momentum=0.75))
    assert certify(experiment, subject=momentum_step()).agrees

    def forgetful(parameters, x, y, state):
        forgetful.calls += 1
        return momentum_step()(parameters, x, y, None if forgetful.calls % 40 == 21 else state)

    forgetful.calls = 0
    found = certify(experiment, subject=forgetful, twins=False).first_disagreement
    assert (found.step, found.quantity) == (20, "w")


def adam_step(rate=0.01, eps=0.1, inside=False):
    """Adam by algorithm 1 of its paper; `inside` has epsilon in the root instead."""

    def step(parameters, x, y, state):
        kind = x.dtype.type
        _, gradient, _ = neuron(parameters, x, y)
        m, v, t = state or ({"w": kind(0), "b": kind(0)}, {"w": kind(0), "b": kind(0)}, 0)
        t += 1
        m = {n: kind(0.9) * m[n] + kind(1 - 0.9) * gradient[n] for n in gradient}
        v = {n: kind(0.999) * v[n] + kind(1 - 0.999) * gradient[n] ** 2 for n in gradient}
        moved = {}
        for n in gradient:
            corrected = v[n] / kind(1 - 0.999**t)
            below = np.sqrt(corrected + kind(eps)) if inside else np.sqrt(corrected) + kind(eps)
            moved[n] = getattr(parameters, n) - kind(rate) * (m[n] / kind(1 - 0.9**t)) / below
        return moved, (m, v, t)

    return step


def test_another_systems_formula_is_named():
    settings = {"learning_rate": 0.01, "epsilon": 0.1}
    certificate = certify(Experiment(**COMMON, optimizer=Adam(**settings)), subject=adam_step())
    assert not certificate.agrees
    names = [fit.reading for fit in certificate.readings]
    assert "reference.optimizers.pytorch.Adam" in names
    assert "reference.Adam" not in names
    assert "the formula that fits: reference.optimizers.pytorch.Adam" in str(certificate)
    assert certify(Experiment(**COMMON, optimizer=pytorch.Adam(**settings)), subject=adam_step()).agrees
    neither = certify(Experiment(**COMMON, optimizer=Adam(**settings)), subject=adam_step(inside=True))
    assert not neither.agrees
    assert neither.readings == ()
    assert "formula that fits" not in str(neither)


def test_a_wrong_gradient_has_no_reading_to_blame():
    def step(parameters, x, y, state):
        moved, state, seen = momentum_step(shows=EVERYTHING)(parameters, x, y, state)
        return moved, state, seen | {"gradient": {n: g * g.dtype.type(1.5) for n, g in seen["gradient"].items()}}

    certificate = certify(
        Experiment(**COMMON, optimizer=SGD(learning_rate=0.125, momentum=0.75)), subject=step, twins=False
    )
    assert certificate.first_disagreement.quantity == "gradient.w"
    assert certificate.readings == ()


def test_what_the_reference_itself_does_agrees():
    experiment = Experiment(**COMMON, optimizer=Adam(learning_rate=0.01))

    def step(parameters, x, y, state):
        slope = x.dtype.type(0.25)
        at = forward(parameters, x, slope)
        gradient = backward(parameters, x, y, at, slope, experiment.trainable)
        adam = experiment.optimizer.with_constants("direct")
        parameters, state = adam.step(parameters, gradient, adam.init(parameters) if state is None else state)
        return parameters, state, {**state.slots, "gradient": gradient, "loss": mean_squared_error(at.y_pred, y)}

    certificate = certify(experiment, subject=step)
    assert certificate.agrees
    assert certificate.unseen == ("y_pred",)


def test_a_run_that_ends_in_nan_on_one_side_says_so_first():
    def step(parameters, x, y, state):
        moved, state, _ = momentum_step()(parameters, x, y, state)
        count = 0 if state is None else step.count
        step.count = count + 1
        return ({n: value * value.dtype.type(np.nan) for n, value in moved.items()} if count == 7 else moved), state

    step.count = 0
    experiment = Experiment(**COMMON, optimizer=SGD(learning_rate=0.125, momentum=0.75))
    certificate = certify(experiment, subject=step, twins=False)
    assert not certificate.agrees
    assert certificate.headline == "step is not finite from step 8 on, the reference stays finite for all 40 steps"
    assert str(certificate).splitlines()[1] == f"NOT FINITE ON ONE SIDE: {certificate.headline}"


def test_a_run_that_compared_nothing_does_not_agree():
    def step(parameters, x, y, state):
        return {"w": x.dtype.type(np.inf), "b": x.dtype.type(np.inf)}, state

    huge = Experiment(**COMMON | {"initial": Parameters(w=3e38, b=0.5), "steps": 3}, optimizer=SGD(learning_rate=1e30))
    certificate = certify(huge, subject=step, twins=False)
    assert not certificate.agrees
    assert certificate.compared["w"] == 0
    assert str(certificate).startswith("NOT COMPARED")


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "step must return parameters, a state and perhaps what it saw, got NoneType"),
        ((1.0,), "step must return parameters, a state and perhaps what it saw, got a tuple of 1"),
        ((1.0, None), "step must return parameters as Parameters or a mapping, got float"),
        (({"w": np.float32(1)}, None), "step must return parameters with b, which is trained"),
        (
            ({"w": 1.0, "b": np.float32(1)}, None),
            "step must return parameters.w as a number of float32, got float64 of shape ()",
        ),
        (
            ({"w": np.ones(3, np.float32), "b": np.float32(1)}, None),
            "step must return parameters.w as a number of float32, got float32 of shape (3,)",
        ),
        (
            ({"w": np.float32(1), "b": np.float32(1)}, None, {"speed": 1}),
            "step may show y_pred, loss, gradient, momentum of a step, got speed",
        ),
        (
            ({"w": np.float32(1), "b": np.float32(1)}, None, {"y_pred": np.ones(3, np.float32)}),
            "step must return y_pred as an array of float32 of shape (64,), got float32 of shape (3,)",
        ),
        (
            ({"w": np.float32(1), "b": np.float32(1)}, None, {"y_pred": np.zeros(0, np.float32)}),
            "step must return y_pred as an array of float32 of shape (64,), got float32 of shape (0,)",
        ),
        (
            ({"w": np.float32(1), "b": np.float32(1)}, None, {"gradient": {"w": np.float32(1)}}),
            "step must return gradient with b, which is trained",
        ),
    ],
)
def test_a_function_that_returns_something_else_is_told_so_in_one_line(returned, said):
    def step(parameters, x, y, state):
        return returned

    with pytest.raises(TypeError) as caught:
        certify(Experiment(**COMMON, optimizer=SGD(momentum=0.5)), subject=step)
    assert str(caught.value) == said


def test_arrays_of_one_number_are_numbers_and_batches_are_the_functions_own():
    def step(parameters, x, y, state):
        moved, state, _ = momentum_step()(parameters, x, y, state)
        x[:], y[:] = np.nan, np.nan  # spoils nobody's but its own
        return {n: np.array([value]) for n, value in moved.items()}, state

    assert certify(Experiment(**COMMON, optimizer=SGD(learning_rate=0.125, momentum=0.75)), subject=step).agrees


def test_only_a_callable_is_a_function():
    with pytest.raises(TypeError, match=r"^a subject must be a name, a function or an optimizer of Keras, got 3$"):
        Function(3)


def test_a_function_that_takes_other_arguments_is_told_so_in_one_line():
    with pytest.raises(
        TypeError, match=r"^a function must take parameters, x, y and a state, which <function .*> does not$"
    ):
        certify(Experiment(**COMMON), subject=lambda parameters: parameters)
    with pytest.raises(
        TypeError, match=r"^a subject must be a name, a function or an optimizer of Keras, got the class dict$"
    ):
        certify(Experiment(**COMMON), subject=dict)


def test_what_is_not_trained_must_stay_as_it_is():
    def step(parameters, x, y, state):
        moved, state, _ = momentum_step()(parameters, x, y, state)
        return parameters._replace(**moved, d=parameters.d + x.dtype.type(2)), state

    certificate = certify(
        Experiment(**COMMON, optimizer=SGD(learning_rate=0.125, momentum=0.75)), subject=step, twins=False
    )
    assert not certificate.agrees
    assert (certificate.first_disagreement.lane, certificate.first_disagreement.quantity) == ("start", "d")


def uphill_from(step_number, shows=()):
    """Keras' Adam, with hidden slots, that walks uphill from some step on."""
    adam = Adam(learning_rate=0.3).with_constants("direct")

    def step(parameters, x, y, state):
        slope = x.dtype.type(0.25)
        gradient = backward(parameters, x, y, forward(parameters, x, slope), slope, ("w", "b"))
        moved, new = adam.step(parameters, gradient, adam.init(parameters) if state is None else state)
        if new.iterations > step_number:
            moved = Parameters(*(2 * old - number for old, number in zip(parameters, moved, strict=True)))
        return moved, new, {slot: new.slots[slot] for slot in shows}

    return step


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_hidden_running_mean_is_forgotten_as_fast_as_it_forgets(dtype):
    experiment = Experiment(**COMMON | {"steps": 600, "batch_size": 10}, optimizer=Adam(learning_rate=0.3), dtype=dtype)
    right = certify(experiment, subject=uphill_from(10**6), twins=False)
    assert right.agrees
    assert right.lockstep["w"].unbounded == 0
    found = certify(experiment, subject=uphill_from(550), twins=False).first_disagreement
    assert (found.lane, found.step) == ("lockstep", 550)


def test_a_sum_that_overflows_before_it_is_divided_is_explained():
    def step(parameters, x, y, state):
        w = parameters.w
        z = w * x
        gradient = (2 * (np.maximum(z, 0) - y) * (z > 0) * x).mean()
        return {"w": w - w.dtype.type(3.0) * gradient}, state

    experiment = Experiment(initial=Parameters(w=10.0), optimizer=SGD(learning_rate=3.0), steps=400)
    with np.errstate(all="ignore"):
        certificate = certify(experiment, subject=step)
        assert certificate.agrees, certificate
        assert certificate.observed.diverged_at is not None

        def clipped(parameters, x, y, state):
            moved, state = step(parameters, x, y, state)
            return {"w": np.clip(moved["w"], -1e30, 1e30).astype(x.dtype)}, state

        assert not certify(experiment, subject=clipped, twins=False).agrees

        def early(parameters, x, y, state):
            moved, state = step(parameters, x, y, state)
            return {"w": moved["w"] if abs(moved["w"]) < 1e20 else x.dtype.type(np.inf)}, state

        found = certify(experiment, subject=early, twins=False).first_disagreement
    assert found.lane == "lockstep"
    assert np.isinf(found.observed)


def test_zeros_of_a_function_may_have_either_sign():
    def step(parameters, x, y, state):
        z = parameters.w * x
        y_pred = z * (z > 0)
        gradient = (2 * (y_pred - y) * (z > 0) * x).mean()
        return {"w": parameters.w - x.dtype.type(0.25) * gradient}, state, {"y_pred": y_pred}

    experiment = Experiment(initial=Parameters(w=0.5), optimizer=SGD(learning_rate=0.25), batch_size=64, steps=20)
    assert certify(experiment, subject=step).agrees


def test_a_mistake_that_no_formula_explains_has_no_reading():
    def late(parameters, x, y, state):
        count = 0 if state is None else state
        w = parameters.w
        gradient = (2 * (np.maximum(w * x, 0) - y) * (w * x > 0) * x).mean()
        return {"w": w - w.dtype.type(0.02 if count >= 70 else 0.01) * gradient}, count + 1

    experiment = Experiment(initial=Parameters(w=2.0), steps=100, batch_size=64)
    certificate = certify(experiment, subject=late)
    assert certificate.first_disagreement.step == 70
    assert certificate.readings == ()
