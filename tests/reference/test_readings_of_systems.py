"""Each reading against the system that it reads, step by step from the system's own states, and against the others.

PyTorch and JAX are needed for it and for nothing else: without them these tests are skipped.
"""

import numpy as np
import pytest

from compare.rounding import Ball, ratio
from reference.optimizers import READINGS, translate

DTYPES = ["float32", "float64"]
STEPS = 60
START = 0.7

RATE = {"learning_rate": 0.1}
HEAVY = {"learning_rate": 0.1, "momentum": 0.9}
NESTEROV = {**HEAVY, "nesterov": True}
ADAM = {"learning_rate": 0.01, "epsilon": 0.1}  # as large as that, its place matters
SMALL = {"learning_rate": 0.01, "epsilon": 1e-8}
AMSGRAD = {**ADAM, "amsgrad": True, "beta_2": 0.9}
DECAY = {"weight_decay": 0.25}
PROP = {"learning_rate": 0.01, "rho": 0.9, "epsilon": 0.1}
DRIVEN = {**PROP, "momentum": 0.9}

# A system, an optimizer, settings, whose readings fit, and whose do not. One that is in neither list has not all of the
# settings, or is the same but for rounding or for the sign of a slot.
CASES = [
    ("pytorch", "SGD", RATE, ("pytorch", "optax", "paper", "keras"), ()),
    ("pytorch", "SGD", HEAVY, ("pytorch", "optax"), ("paper", "keras")),
    ("pytorch", "SGD", NESTEROV, ("pytorch", "optax"), ("paper", "keras")),
    ("pytorch", "SGD", {**HEAVY, "dampening": 0.5}, ("pytorch",), ()),
    ("pytorch", "SGD", {**RATE, **DECAY}, ("pytorch",), ()),
    ("pytorch", "SGD", {**HEAVY, "dampening": 0.5, **DECAY}, ("pytorch",), ()),
    ("pytorch", "Adam", ADAM, ("pytorch", "optax", "paper"), ("keras",)),
    ("pytorch", "Adam", SMALL, ("pytorch",), ()),
    ("pytorch", "Adam", {**ADAM, "beta_1": 0.25}, ("pytorch",), ("keras",)),
    ("pytorch", "Adam", AMSGRAD, ("pytorch",), ("optax", "paper", "keras")),
    ("pytorch", "Adam", {**AMSGRAD, **DECAY}, ("pytorch",), ()),
    ("pytorch", "AdamW", {**ADAM, **DECAY}, ("pytorch",), ("paper", "keras")),
    ("pytorch", "AdamW", {**AMSGRAD, **DECAY}, ("pytorch",), ("optax", "paper", "keras")),
    ("pytorch", "RMSprop", PROP, ("pytorch", "paper"), ("optax", "keras")),
    ("pytorch", "RMSprop", {**PROP, **DECAY}, ("pytorch",), ()),
    ("pytorch", "RMSprop", DRIVEN, ("pytorch",), ("optax", "keras")),
    ("pytorch", "RMSprop", {**DRIVEN, "centered": True}, ("pytorch",), ("optax", "keras")),
    ("pytorch", "RMSprop", {**PROP, "rho": 0.25, "centered": True}, ("pytorch",), ("optax", "keras")),
    ("optax", "SGD", RATE, ("optax", "pytorch", "paper", "keras"), ()),
    ("optax", "SGD", HEAVY, ("optax", "pytorch"), ("paper", "keras")),
    ("optax", "SGD", NESTEROV, ("optax", "pytorch"), ("paper", "keras")),
    ("optax", "Adam", ADAM, ("optax",), ("keras",)),
    ("optax", "Adam", SMALL, ("optax",), ()),
    ("optax", "Adam", {**ADAM, "eps_root": 0.1}, ("optax",), ()),
    ("optax", "Adam", AMSGRAD, ("optax",), ("pytorch", "paper", "keras")),
    ("optax", "Adam", {**AMSGRAD, "eps_root": 0.1}, ("optax",), ()),
    ("optax", "AdamW", {**ADAM, **DECAY}, ("optax",), ("paper", "keras")),
    ("optax", "AdamW", {**AMSGRAD, **DECAY}, ("optax",), ("pytorch", "paper", "keras")),
    ("optax", "RMSprop", PROP, ("optax", "keras"), ("pytorch", "paper")),
    ("optax", "RMSprop", {**PROP, "eps_in_sqrt": False}, ("optax",), ()),
    ("optax", "RMSprop", DRIVEN, ("optax",), ("pytorch",)),
    ("optax", "RMSprop", {**DRIVEN, "nesterov": True, "initial_scale": 1.0}, ("optax",), ()),
    ("optax", "RMSprop", {**DRIVEN, "centered": True}, ("optax",), ("pytorch",)),
    ("optax", "RMSprop", {**PROP, "centered": True, "bias_correction": True}, ("optax",), ()),
]

OF_PYTORCH = {
    "momentum_buffer": "momentum",
    "exp_avg": "momentum",
    "exp_avg_sq": "velocity",
    "max_exp_avg_sq": "velocity_hat",
    "square_avg": "velocity",
    "grad_avg": "average_gradient",
}
OF_OPTAX = {"trace": "momentum", "mu": "momentum", "nu": "velocity", "nu_max": "velocity_hat"}


def gradients(dtype):
    """Large ones, tiny ones, and large ones again."""
    drawn = np.random.default_rng(7).standard_normal(STEPS)
    drawn[STEPS // 2 : STEPS // 2 + 10] *= 1e-3
    return drawn.astype(dtype)


def states_of_pytorch(name, settings, dtype):
    torch = pytest.importorskip("torch")
    theirs = {"learning_rate": "lr", "epsilon": "eps", "rho": "alpha"}
    given = {theirs.get(key, key): value for key, value in settings.items() if not key.startswith("beta")}
    if name.startswith("Adam"):
        given["betas"] = (settings.get("beta_1", 0.9), settings.get("beta_2", 0.999))
    w = torch.tensor([START], dtype=getattr(torch, dtype), requires_grad=True)
    optimizer = getattr(torch.optim, name)([w], foreach=False, **given)
    yield w.detach().numpy()[0].copy(), {}
    for g in gradients(dtype):
        w.grad = torch.tensor([g], dtype=w.dtype)
        optimizer.step()
        slots = {OF_PYTORCH[key]: value for key, value in optimizer.state[w].items() if key in OF_PYTORCH}
        yield w.detach().numpy()[0].copy(), {slot: v.numpy()[0].copy() for slot, v in slots.items() if v is not None}


def optimizer_of_optax(name, settings):
    optax = pytest.importorskip("optax")
    theirs = {"beta_1": "b1", "beta_2": "b2", "epsilon": "eps", "rho": "decay"}
    given = {theirs.get(key, key): value for key, value in settings.items() if key != "amsgrad"}
    if not settings.get("amsgrad"):
        return getattr(optax, name.lower())(**given)
    if name == "Adam":
        return optax.amsgrad(**given)
    scale, decay = optax.scale_by_learning_rate(given.pop("learning_rate")), given.pop("weight_decay")
    return optax.chain(optax.scale_by_amsgrad(**given), optax.add_decayed_weights(decay), scale)


def states_of_optax(name, settings, dtype):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    with jax.enable_x64(dtype == "float64"):
        optimizer = optimizer_of_optax(name, settings)
        w = jax.numpy.asarray(START, dtype)
        state = optimizer.init(w)
        yield np.asarray(w)[()], slots_of_optax(state, name)
        for g in gradients(dtype):
            updates, state = optimizer.update(jax.numpy.asarray(g), state, w)
            w = optax.apply_updates(w, updates)
            yield np.asarray(w)[()], slots_of_optax(state, name)


def slots_of_optax(state, name):
    """What is remembered, out of the states of a chain."""
    names, found = {**OF_OPTAX, **({"mu": "average_gradient"} if name == "RMSprop" else {})}, {}
    for part in state if type(state) is tuple else ():
        fields = getattr(part, "_fields", None)
        if fields is None:
            found |= slots_of_optax(part, name)
        else:
            found |= {names[field]: np.asarray(getattr(part, field))[()] for field in fields if field in names}
    return found


def worst(reading, states, dtype):
    """Largest difference of a parameter or slot after any step, as a part of its bound, which there has to be."""
    w = np.array([state[0] for state in states])
    memory = {slot: np.array([state[1].get(slot, w.dtype.type(0)) for state in states]) for slot in reading.slots}
    assert w.dtype == dtype
    before = {slot: Ball.exact(path[:-1]) for slot, path in memory.items()}
    iterations = Ball.exact(np.arange(STEPS).astype(dtype))
    after, new = reading.update(Ball.exact(w[:-1]), Ball.exact(gradients(dtype)), iterations, before)
    pairs = [(w, after), *((memory[slot], new[slot]) for slot in reading.slots)]
    assert all(np.isfinite(ball.bound).all() for _, ball in pairs)
    return max(float(ratio(path[1:], ball).max()) for path, ball in pairs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("system", "name", "settings", "fit", "differ"), CASES, ids=lambda value: repr(value)[:70])
def test_every_step_of_a_system_is_within_the_bounds_of_its_reading_and_beyond_those_of_others(
    system, name, settings, fit, differ, dtype
):
    states = list({"pytorch": states_of_pytorch, "optax": states_of_optax}[system](name, settings, dtype))
    reading = READINGS[system][name](**settings)
    assert set(states[-1][1]) == set(reading.slots)
    assert worst(reading, states, dtype) <= 1
    found = {kind: worst(translate(reading, kind).with_constants("direct"), states, dtype) for kind in (*fit, *differ)}
    assert {kind for kind, most in found.items() if most <= 1} == set(fit)


def test_every_optimizer_of_every_system_is_held_against_it():
    assert {(system, name) for system, name, *_ in CASES} == {
        (system, name) for system in ("pytorch", "optax") for name in READINGS[system]
    }


@pytest.mark.parametrize(
    ("system", "name", "settings"), [case[:3] for case in CASES], ids=lambda value: repr(value)[:70]
)
def test_a_mistake_in_any_setting_is_seen(system, name, settings):
    states = list({"pytorch": states_of_pytorch, "optax": states_of_optax}[system](name, settings, "float64"))
    kind = READINGS[system][name]
    for setting, value in settings.items():
        if (
            isinstance(value, float) and value > 1e-6
        ):  # an epsilon of 1e-8 is lost in rounding as long as gradients are not tiny
            assert worst(kind(**{**settings, setting: value * (1 - 2.0**-20)}), states, "float64") > 1, setting
