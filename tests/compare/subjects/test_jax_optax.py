"""The subject of JAX and optax against a compiled step that is called for each batch: the same bits."""

import os
import subprocess
import sys
from dataclasses import field, make_dataclass, replace

import numpy as np
import pytest

from reference import OPTIMIZERS, SGD, Adam, AdamW, Experiment, Parameters, RMSprop, draw_batches
from reference.optimizers import optax as readings

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

from compare.subjects.jax_optax import JaxOptax  # noqa: E402

START = Parameters(w=-1.5, b=0.5, v=0.75, d=0.25)
MOMENTS = {"b1": 0.75, "b2": 0.9, "eps": 1e-6}


def extended(kind, *names):
    """A class of the same name with more settings, as another system's formula has."""
    more = [(name, float, field(default=0.0)) for name in names]
    return make_dataclass(kind.__name__, more, bases=(kind,), frozen=True, kw_only=True, eq=False)


def adam(kind=Adam, **more):
    return kind(learning_rate=0.01, beta_1=0.75, beta_2=0.9, epsilon=1e-6, **more)


VARIANTS = [
    (SGD(), optax.sgd, {"learning_rate": 0.01}),
    (SGD(momentum=0.9), optax.sgd, {"learning_rate": 0.01, "momentum": 0.9}),
    (SGD(momentum=0.9, nesterov=True), optax.sgd, {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True}),
    (adam(), optax.adam, {"learning_rate": 0.01, **MOMENTS}),
    (adam(readings.Adam, eps_root=0.5), optax.adam, {"learning_rate": 0.01, **MOMENTS, "eps_root": 0.5}),
    (adam(amsgrad=True), optax.amsgrad, {"learning_rate": 0.01, **MOMENTS}),
    (adam(AdamW, weight_decay=0.1), optax.adamw, {"learning_rate": 0.01, **MOMENTS, "weight_decay": 0.1}),
    (RMSprop(rho=0.75), optax.rmsprop, {"learning_rate": 0.001, "decay": 0.75, "eps": 1e-7}),
    (
        readings.RMSprop(
            learning_rate=0.001, initial_scale=0.5, eps_in_sqrt=False, nesterov=True, momentum=0.5, bias_correction=True
        ),
        optax.rmsprop,
        {
            "learning_rate": 0.001,
            "decay": 0.9,
            "eps": 1e-8,
            "momentum": 0.5,
            "nesterov": True,
            "initial_scale": 0.5,
            "eps_in_sqrt": False,
            "bias_correction": True,
        },
    ),
    (
        RMSprop(centered=True, momentum=0.5),
        optax.rmsprop,
        {"learning_rate": 0.001, "decay": 0.9, "eps": 1e-7, "centered": True, "momentum": 0.5},
    ),
]
IDS = [repr(optimizer).replace("learning_rate=", "") for optimizer, _, _ in VARIANTS]
STATES = {
    optax.sgd: ["trace"],
    optax.adam: ["mu", "nu"],
    optax.adamw: ["mu", "nu"],
    optax.amsgrad: ["mu", "nu", "nu_max"],
    optax.rmsprop: ["nu", "trace", "mu"],
}


@pytest.fixture(scope="module")
def subject():
    return JaxOptax()


def by_hand(experiment, make, arguments, *, x64=None):
    """An ordinary loop: parameters and optimizer's state after every step, and the losses."""
    with jax.enable_x64(experiment.dtype == "float64" if x64 is None else x64):
        slope, optimizer = experiment.negative_slope, make(**arguments)

        def loss_of(params, x, y):
            z = params["w"] * x + params["b"] if "b" in params else params["w"] * x
            y_pred = jax.nn.leaky_relu(z, slope) if slope else jax.nn.relu(z)
            if "v" in params:
                y_pred = params["v"] * y_pred + params["d"]
            return ((y_pred - y) ** 2).mean()

        @jax.jit
        def step(params, state, x, y):
            loss, gradient = jax.value_and_grad(loss_of)(params, x, y)
            updates, state = optimizer.update(gradient, state, params)
            return optax.apply_updates(params, updates), state, loss

        names = experiment.trainable
        params = {name: jax.numpy.array(getattr(experiment.initial, name), experiment.dtype) for name in names}
        state = optimizer.init(params)
        paths, states, losses = [], [], []
        for x, y in zip(*draw_batches(experiment), strict=True):
            params, state, loss = step(params, state, x, y)
            paths.append([float(params[name]) for name in names])
            held = [optax.tree_utils.tree_get(state, key) for key in STATES[make]]
            states.append([float(slot[name]) for slot in held if slot is not None for name in names])
            losses.append(float(loss))
    return tuple(np.array(rows, experiment.dtype) for rows in (paths, states, losses))


def experiment_of(optimizer, trainable=("w", "b", "v", "d"), negative_slope=0.3, dtype="float32"):
    initial = START if "v" in trainable else Parameters(w=-1.5, b=0.5 * ("b" in trainable))
    return Experiment(
        initial=initial,
        trainable=trainable,
        negative_slope=negative_slope,
        optimizer=optimizer,
        batch_size=100,
        steps=30,
        dtype=dtype,
    )


def recorded(subject, experiment):
    """What `by_hand` returns, of a Record."""
    (block,) = subject.record(experiment)
    paths = [getattr(block.parameters, name)[1:] for name in experiment.trainable]
    states = [getattr(slot, name)[1:] for slot in block.slots.values() for name in experiment.trainable]
    empty = np.zeros((experiment.steps, 0), experiment.dtype)
    return np.stack(paths, axis=1), np.stack(states, axis=1) if states else empty, block.loss


def same_bits(ours, theirs):
    pairs = zip(ours, theirs, strict=True)
    return [a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs]


def test_every_optimizer_has_a_variant_here():
    assert {type(optimizer).__name__ for optimizer, _, _ in VARIANTS} == set(OPTIMIZERS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("optimizer", "make", "arguments"), VARIANTS, ids=IDS)
def test_same_bits_as_by_hand(subject, optimizer, make, arguments, dtype):
    experiment = experiment_of(optimizer, ("w", "b"), dtype=dtype)
    ours = recorded(subject, experiment)
    assert same_bits(ours, by_hand(experiment, make, arguments)) == [True, True, True]
    assert (ours[0][1:] != ours[0][:-1]).all()


@pytest.mark.parametrize("variant", [2, -1], ids=["SGD", "RMSprop"])
@pytest.mark.parametrize(
    ("trainable", "negative_slope"),
    [(("w",), 0.0), (("w", "b"), 0.3), (("w", "b", "v", "d"), 0.0)],
    ids=["w", "wb", "wbvd"],
)
def test_same_bits_whatever_is_trained(subject, trainable, negative_slope, variant):
    optimizer, make, arguments = VARIANTS[variant]
    experiment = experiment_of(optimizer, trainable, negative_slope)
    assert same_bits(recorded(subject, experiment), by_hand(experiment, make, arguments)) == [True, True, True]


@pytest.mark.parametrize(
    ("variant", "changed"),
    [
        (0, {"learning_rate": 0.01 + 2.0**-20}),
        (2, {"nesterov": False}),
        (3, {"b2": 0.91}),
        (6, {"weight_decay": 0.11}),
        (7, {"decay": 0.76}),
    ],
)
def test_another_setting_would_be_seen(subject, variant, changed):
    optimizer, make, arguments = VARIANTS[variant]
    experiment = experiment_of(optimizer)
    assert same_bits(recorded(subject, experiment), by_hand(experiment, make, arguments | changed))[0] is False


def test_slots_begin_at_0_also_where_optax_begins_elsewhere(subject):
    optimizer = readings.RMSprop(learning_rate=0.001, initial_scale=0.5)
    (block,) = subject.record(experiment_of(optimizer))
    assert block.slots["velocity"].w[0] == 0
    assert block.slots["velocity"].w[1] > 0.5 * 0.9


def test_float32_is_the_same_whether_or_not_64_bits_are_on(subject):
    """As JAX is by default: with 64-bit numbers on, Adam's powers of beta are float64."""
    experiment = experiment_of(adam())
    usual = recorded(subject, experiment)
    with jax.enable_x64(True):
        inside = recorded(JaxOptax(), experiment)
    assert same_bits(usual, inside) == [True, True, True]
    _, make, arguments = VARIANTS[3]
    assert same_bits(usual, by_hand(experiment, make, arguments, x64=True))[0] is False


def test_experiments_that_differ_in_numbers_share_a_compiled_scan():
    subject = JaxOptax()
    one = experiment_of(adam())
    others = [
        replace(one, optimizer=replace(one.optimizer, learning_rate=0.5)),
        replace(one, initial=Parameters(w=1.0, b=2.0, v=3.0, d=4.0)),
        replace(one, seed=3),
    ]
    ends = {recorded(subject, e)[0][-1].tobytes() for e in (one, *others)}
    (scan,) = subject._scans.values()
    assert (len(ends), scan.scan._cache_size()) == (4, 1)
    recorded(subject, replace(one, negative_slope=0.5))
    assert len(subject._scans) == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_kink_is_jaxs(subject, dtype):
    with jax.enable_x64(dtype == "float64"):
        zero = jax.numpy.zeros((), dtype)
        assert subject.at_kink(0.0, dtype) == float(jax.grad(jax.nn.relu)(zero)) == 0.0
        for slope in (0.3, -0.5, 2.0):
            found = jax.grad(lambda z, slope=slope: jax.nn.leaky_relu(z, slope))(zero)
            assert subject.at_kink(slope, dtype) == float(found) == 1.0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormals_are_what_a_compiled_product_makes_of_them(dtype):
    with jax.enable_x64(dtype == "float64"):
        product = jax.jit(lambda a, b: a * b)
        tiny = np.full(64, np.finfo(dtype).tiny, dtype)
        found = [
            bool((np.array(product(a, b)) == 0).any()) for a, b in ((tiny, tiny * 0 + 0.5), (tiny / 2, tiny * 0 + 4))
        ]
        assert list(JaxOptax().subnormals(dtype)) == [found[0], found[1]]


def test_subnormals_of_the_probe_are_those_of_a_run(subject):
    """A step whose change is subnormal: by a learning rate of half the smallest normal number."""
    tiny = float(np.finfo("float32").tiny)
    experiment = Experiment(
        initial=Parameters(w=0.0, b=1.0), trainable=("w",), optimizer=SGD(learning_rate=tiny / 4), batch_size=1, steps=1
    )
    ones = np.ones((1, 1), np.float32)
    (block,) = subject.record(experiment, (ones, ones * 0))
    assert block.gradient.w[0] == 2.0
    assert (block.parameters.w[1] == 0) == any(subject.subnormals("float32"))


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (extended(SGD, "dampening")(dampening=0.5), "SGD of optax has no setting dampening, got 0.5"),
        (extended(Adam, "weight_decay")(weight_decay=0.5), "Adam of optax has no setting weight_decay, got 0.5"),
        (AdamW(amsgrad=True), "AdamW of optax has no setting amsgrad, got True"),
        (
            make_dataclass("Lion", [], bases=(SGD,), frozen=True, kw_only=True, eq=False)(),
            "optax has no optimizer Lion here, only Adam, AdamW, RMSprop, SGD",
        ),
    ],
)
def test_what_optax_has_not_is_refused_in_one_line(subject, optimizer, message):
    with pytest.raises(ValueError, match=r".") as caught:
        list(subject.record(experiment_of(optimizer)))
    assert str(caught.value) == message


def test_float64_is_refused_where_it_was_switched_off(subject, monkeypatch):
    monkeypatch.setenv("JAX_ENABLE_X64", "False")
    message = "JAX has no float64 as long as JAX_ENABLE_X64 is False; unset it or set it to 1"
    for ask in (
        lambda: list(subject.record(experiment_of(SGD(), dtype="float64"))),
        lambda: JaxOptax().subnormals("float64"),
    ):
        with pytest.raises(ValueError, match=r".") as caught:
            ask()
        assert str(caught.value) == message
    assert (subject.refuses("float64"), subject.refuses("float32")) == (message, None)
    assert recorded(subject, experiment_of(SGD()))[0].dtype == np.float32
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    assert recorded(subject, experiment_of(SGD(), dtype="float64"))[0].dtype == np.float64


IN_A_PROCESS = """
import jax, numpy as np
from compare.subjects.jax_optax import JaxOptax
from reference import Experiment
print(jax.numpy.ones(3).sum().dtype)
subject = JaxOptax()
for dtype in ("float32", "float64", "float32"):
    (block,) = subject.record(Experiment(steps=2, batch_size=4, dtype=dtype))
    print(block.parameters.w.dtype, jax.config.jax_enable_x64, jax.numpy.ones(3).sum().dtype)
"""


@pytest.mark.parametrize("switch", [None, "0"])
def test_jaxs_own_setting_is_left_alone(switch):
    environment = {name: value for name, value in os.environ.items() if name != "JAX_ENABLE_X64"}
    environment |= {} if switch is None else {"JAX_ENABLE_X64": switch}
    run = subprocess.run([sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, env=environment)
    lines = ["float32", *(f"{dtype} False float32" for dtype in ("float32", "float64", "float32"))]
    said = run.stdout.splitlines()
    if switch == "0":
        assert (said, run.returncode) == (lines[:2], 1)
        assert run.stderr.splitlines()[-1].startswith("ValueError: JAX has no float64 as long as JAX_ENABLE_X64 is 0")
    else:
        assert (said, run.returncode) == (lines, 0)
