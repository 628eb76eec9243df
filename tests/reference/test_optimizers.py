"""What all optimizers promise: purity, frozen settings, one dtype, clear errors, discovery."""

import ast
import dataclasses
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

import reference
from reference import OPTIMIZERS, SGD, Adam, AdamW, OptimizerState, Parameters, RMSprop
from reference.optimizers import Optimizer, cast_like_keras

VARIANTS = [
    SGD(),
    SGD(momentum=0.9, nesterov=True),
    Adam(),
    Adam(amsgrad=True),
    AdamW(),
    RMSprop(),
    RMSprop(momentum=0.5, centered=True),
]
DTYPES = [np.float32, np.float64]
every_variant = pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)


def frozen(values, dtype=np.float64):
    array = np.array(values, dtype)
    array.setflags(write=False)
    return array


def after(optimizer, gradients, dtype=np.float64):
    """State after steps with these gradients by w, from w = 1."""
    parameters = Parameters(*(dtype(p) for p in (1.0, 0.0, 1.0, 0.0)))
    state = optimizer.init(parameters)
    for g in gradients:
        parameters, state = optimizer.step(parameters, Parameters(dtype(g), None, None, None), state)
    return parameters, state


@every_variant
def test_a_step_modifies_nothing_and_repeats_to_the_bit(optimizer):
    parameters = Parameters(*(frozen([0.5, -1.5, 2.0]) for _ in range(4)))
    gradient = Parameters(*(frozen([0.25, 0.0, -3.0]) for _ in range(4)))
    slots = {name: Parameters(*(frozen([0.125, 0.5, 0.75]) for _ in range(4))) for name in optimizer.slots}
    state = OptimizerState(3, MappingProxyType(slots))
    first, second = (optimizer.step(parameters, gradient, state) for _ in range(2))
    assert [p.tobytes() for p in first[0]] == [p.tobytes() for p in second[0]]
    assert state == OptimizerState(3, MappingProxyType(slots))
    assert first[1].iterations == 4
    assert first[0].w is not parameters.w


@every_variant
def test_settings_are_frozen(optimizer):
    with pytest.raises(dataclasses.FrozenInstanceError):
        optimizer.learning_rate = 1.0
    assert dataclasses.replace(optimizer, learning_rate=2.0).learning_rate == 2.0
    assert {optimizer: 1}[dataclasses.replace(optimizer)] == 1


@every_variant
def test_slots_of_a_state_are_read_only(optimizer):
    _, state = after(optimizer, [1.0])
    with pytest.raises(TypeError):
        state.slots["momentum"] = None


@every_variant
def test_without_a_gradient_parameter_and_slots_stay_as_they_are(optimizer):
    parameters = Parameters(*(np.float64(p) for p in (1.0, 2.0, 3.0, 4.0)))
    state = optimizer.init(parameters)
    stepped, new = optimizer.step(parameters, Parameters(None, np.float64(1.0), None, None), state)
    for i in (0, 2, 3):
        assert stepped[i] is parameters[i]
        assert all(new.slots[name][i] is state.slots[name][i] for name in optimizer.slots)
    assert stepped.b != parameters.b


@every_variant
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_dtype_that_comes_in_goes_out(optimizer, dtype):
    parameters, state = after(optimizer, [0.5, -1.5], dtype)
    assert {parameters.w.dtype, *(slot.w.dtype for slot in state.slots.values())} == {np.dtype(dtype)}


@every_variant
def test_python_floats_step_as_float64(optimizer):
    start, gradient = Parameters(w=1.0), Parameters(0.3, None, None, None)
    parameters, _ = optimizer.step(start, gradient, optimizer.init(start))
    assert parameters.w == after(optimizer, [0.3])[0].w


@every_variant
def test_the_first_state_is_zero_in_the_shape_and_dtype_of_its_parameter(optimizer):
    parameters = Parameters(np.float32(-1), np.ones(3, np.float32), np.float64(-1), -1.0)
    state = optimizer.init(parameters)
    assert state.iterations == 0
    assert tuple(state.slots) == optimizer.slots
    for slot in state.slots.values():
        assert [np.shape(s) for s in slot] == [(), (3,), (), ()]
        assert [np.asarray(s).dtype for s in slot] == [np.float32, np.float32, np.float64, np.float64]
        assert all((np.asarray(s) == 0).all() and not np.signbit(s).any() for s in slot)


@every_variant
def test_an_ensemble_steps_as_its_members(optimizer):
    starts, gradients = np.array([0.5, -2.0, 0.0]), [np.array([0.25, 1.0, -4.0]), np.array([-0.5, 0.0, 2.0])]
    many = Parameters(starts, starts, starts, starts)
    state = optimizer.init(many)
    for g in gradients:
        many, state = optimizer.step(many, Parameters(g, None, None, None), state)
    for i, start in enumerate(starts):
        one = Parameters(start, start, start, start)
        alone = optimizer.init(one)
        for g in gradients:
            one, alone = optimizer.step(one, Parameters(g[i], None, None, None), alone)
        assert one.w == many.w[i]
        assert [alone.slots[name].w for name in optimizer.slots] == [state.slots[name].w[i] for name in optimizer.slots]


def test_states_of_different_age_step_together():
    # Powers of 1/2 are exact, so that arrays and scalars can't differ in `pow`.
    adam = Adam(beta_1=0.5, beta_2=0.5)
    states = [after(adam, gradients) for gradients in ([], [1.0], [1.0, -2.0, 0.5])]
    slots = {name: Parameters(np.array([s.slots[name].w for _, s in states]), None, None, None) for name in adam.slots}
    together = OptimizerState(np.array([s.iterations for _, s in states]), slots)
    w = Parameters(np.array([p.w for p, _ in states]), None, None, None)
    gradient = Parameters(np.array([3.0, 3.0, 3.0]), None, None, None)
    stepped, new = adam.step(w, gradient, together)
    one_by_one = [adam.step(p, Parameters(np.float64(3.0), None, None, None), s)[0].w for p, s in states]
    assert stepped.w.tolist() == one_by_one
    assert new.iterations.tolist() == [1, 2, 4]


def test_zero_momentum_keeps_no_slot_and_ignores_nesterov():
    assert SGD().slots == SGD(nesterov=True).slots == ()
    assert SGD(momentum=0.5).slots == ("momentum",)
    assert RMSprop().slots == ("velocity",)
    assert RMSprop(momentum=0.5, centered=True).slots == ("velocity", "momentum", "average_gradient")
    assert Adam(amsgrad=True).slots == ("momentum", "velocity", "velocity_hat")


def test_settings_pass_through_float32_where_keras_casts_them():
    # 0.9 = 0.11100110011001100110011001|1001... in binary: 24 significant bits, rounded up or down.
    assert cast_like_keras(0.9, np.dtype(np.float64)) == np.float64(15099494) / 2**24
    assert cast_like_keras(0.9, np.dtype(np.float64)).dtype == np.float64
    assert cast_like_keras(0.9, np.dtype(np.float32)) == np.float32(0.9)
    assert cast_like_keras(0.25, np.dtype(np.float64)) == 0.25


HUGE = 10**400
BAD_SETTINGS = [
    (lambda: SGD(learning_rate=float("nan")), "SGD.learning_rate must be finite, got nan"),
    (lambda: SGD(learning_rate=float("-inf")), "SGD.learning_rate must be finite, got -inf"),
    (lambda: SGD(learning_rate=HUGE), f"SGD.learning_rate must be finite, got {HUGE}"),
    (lambda: SGD(learning_rate="0.1"), "SGD.learning_rate must be a number, got '0.1'"),
    (lambda: SGD(learning_rate=None), "SGD.learning_rate must be a number, got None"),
    (lambda: SGD(learning_rate=True), "SGD.learning_rate must be a number, got True"),
    (lambda: SGD(learning_rate=[]), "SGD.learning_rate must be at least one number, got []"),
    (lambda: SGD(learning_rate=[True]), "SGD.learning_rate must be a number or an array of numbers, got [True]"),
    (lambda: SGD(learning_rate=[0.1, np.inf]), "SGD.learning_rate must be finite in float64, got inf"),
    (lambda: SGD(momentum=[0.5, 1.5, -1.0]), "SGD.momentum must be in [0, 1], got 1.5"),
    (lambda: Adam(beta_1=np.array([0.1])), "Adam.beta_1 must be a number, got array([0.1])"),
    (lambda: SGD(momentum=-0.1), "SGD.momentum must be in [0, 1], got -0.1"),
    (lambda: SGD(momentum=1.5), "SGD.momentum must be in [0, 1], got 1.5"),
    (lambda: SGD(nesterov=1), "SGD.nesterov must be True or False, got 1"),
    (lambda: Adam(beta_1=1.1), "Adam.beta_1 must be in [0, 1], got 1.1"),
    (lambda: Adam(beta_2=-1), "Adam.beta_2 must be in [0, 1], got -1"),
    (lambda: Adam(epsilon=-1e-7), "Adam.epsilon must be in [0, inf], got -1e-07"),
    (lambda: Adam(amsgrad="yes"), "Adam.amsgrad must be True or False, got 'yes'"),
    (lambda: AdamW(beta_1=2), "AdamW.beta_1 must be in [0, 1], got 2"),
    (lambda: AdamW(weight_decay=-1.0), "AdamW.weight_decay must be in [0, 3.40282e+38], got -1.0"),
    (lambda: AdamW(weight_decay=1e39), "AdamW.weight_decay must be in [0, 3.40282e+38], got 1e+39"),
    (lambda: RMSprop(rho=1.5), "RMSprop.rho must be in [0, 1], got 1.5"),
    (lambda: RMSprop(momentum=2), "RMSprop.momentum must be in [0, 1], got 2"),
    (lambda: RMSprop(epsilon=float("inf")), "RMSprop.epsilon must be finite, got inf"),
    (lambda: RMSprop(centered=0.0), "RMSprop.centered must be True or False, got 0.0"),
    (lambda: SGD(lr=0.1), "SGD.__init__() got an unexpected keyword argument 'lr'"),
]


@pytest.mark.parametrize(("make", "message"), BAD_SETTINGS, ids=[message[:60] for _, message in BAD_SETTINGS])
def test_a_bad_setting_is_refused_in_one_line(make, message):
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert str(error.value) == message


def test_settings_come_out_as_plain_floats_and_bools():
    optimizer = SGD(learning_rate=1, momentum=np.float32(0.5), nesterov=np.True_)
    assert dataclasses.astuple(optimizer) == (1.0, 0.5, True)
    assert [type(value) for value in dataclasses.astuple(optimizer)] == [float, float, bool]


SINGLE, DOUBLE = np.float32(1), np.float64(1)
BAD_STEPS = [
    (SINGLE, DOUBLE, "w and its gradient must both be float32 or both float64, got float32 and float64"),
    (DOUBLE, np.int64(1), "w and its gradient must both be float32 or both float64, got float64 and int64"),
    (DOUBLE, 1, "w and its gradient must both be float32 or both float64, got float64 and int"),
    (DOUBLE, np.ones(2), "w and its gradient must have one shape, got () and (2,)"),
    (np.ones(3), np.ones((3, 1)), "w and its gradient must have one shape, got (3,) and (3, 1)"),
]


@pytest.mark.parametrize(("w", "g", "message"), BAD_STEPS)
def test_a_gradient_that_does_not_fit_is_refused(w, g, message):
    with pytest.raises((TypeError, ValueError)) as error:
        SGD().step(Parameters(w=w), Parameters(g, None, None, None), SGD().init(Parameters(w=w)))
    assert str(error.value) == message


def test_the_state_of_another_optimizer_is_refused():
    parameters, gradient = Parameters(w=1.0), Parameters(1.0, None, None, None)
    with pytest.raises(ValueError, match=r"state must hold the slots \('momentum', 'velocity'\), got \(\)"):
        Adam().step(parameters, gradient, SGD().init(parameters))


def test_every_optimizer_class_is_exported_under_its_name_and_no_other_thing():
    folder = Path(inspect.getfile(Optimizer)).parent
    classes = {
        node.name
        for path in folder.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.bases and node.name != "Optimizer"
    } - {"OptimizerState"}
    assert OPTIMIZERS.keys() == classes
    assert all(getattr(reference, name) is OPTIMIZERS[name] for name in classes)
    assert classes <= set(reference.__all__)


NEWCOMER = '''
from dataclasses import dataclass
import numpy as np
from reference.optimizers.base import Optimizer, dtype_of

@dataclass(frozen=True, kw_only=True)
class SignSGD(Optimizer):
    """A step of one length against the sign of the gradient."""
    floor: float = 0.0
    slots = ()
    def update(self, w, g, iterations, slots):
        return w - np.sign(g) * dtype_of(w).type(self.learning_rate), {}
'''
USE = """
from reference import OPTIMIZERS, Experiment, Parameters, SignSGD, train
experiment = Experiment(initial=Parameters(w=-1.0), optimizer=SignSGD(learning_rate=0.5), steps=4, dtype="float64")
print(train(experiment).parameters.w.tolist(), "SignSGD" in OPTIMIZERS)
try:
    SignSGD(floor=-1)
except ValueError as error:
    print(error)
"""


def listed(init, module, name):
    """The text of an __init__ with one more optimizer, imported and listed as the others are."""
    for old, new in (
        ("import RMSprop\n", f"import RMSprop\nfrom {module} import {name}\n"),
        ("OptimizerState, RMSprop\n", f"OptimizerState, RMSprop, {name}\n"),
        ("AdamW, RMSprop, SGD)", f"AdamW, RMSprop, SGD, {name})"),
        ('"RMSprop",', f'"RMSprop", "{name}",'),
    ):
        init = init.replace(old, new)
    return init


def test_a_new_optimizer_is_one_new_file_and_its_name_in_two_lists(tmp_path):
    package = tmp_path / "reference"
    shutil.copytree(Path(inspect.getfile(reference)).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "optimizers" / "sign.py").write_text(NEWCOMER, encoding="utf-8")
    for init in (package / "__init__.py", package / "optimizers" / "__init__.py"):
        text = init.read_text(encoding="utf-8")
        init.write_text(listed(text, "reference.optimizers.sign", "SignSGD"), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    # From w = -1 every gradient is negative until w = 0, the kink, where it is 0.
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "[-1.0, -0.5, 0.0, 0.0, 0.0] True",
        "SignSGD.floor must be in [0, inf], got -1",
    ]
