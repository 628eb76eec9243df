"""The PyTorch subject against the loop that its users write: the same bits."""

from dataclasses import field, make_dataclass, replace

import numpy as np
import pytest

from reference import OPTIMIZERS, SGD, Adam, AdamW, Experiment, Parameters, RMSprop, draw_batches
from reference.optimizers import pytorch as readings

torch = pytest.importorskip("torch")

from compare.subjects.pytorch import PyTorch  # noqa: E402

START = Parameters(w=-1.5, b=0.5, v=0.75, d=0.25)
BETAS = {"betas": (0.75, 0.9), "eps": 1e-6}


def extended(kind, *names):
    """A class of the same name with more settings, as another system's formula has."""
    more = [(name, float, field(default=0.0)) for name in names]
    return make_dataclass(kind.__name__, more, bases=(kind,), frozen=True, kw_only=True, eq=False)


def adam(kind=Adam, **more):
    return kind(learning_rate=0.01, beta_1=0.75, beta_2=0.9, epsilon=1e-6, **more)


OPTIM = torch.optim

VARIANTS = [
    (SGD(), OPTIM.SGD, {"lr": 0.01}),
    (SGD(nesterov=True), OPTIM.SGD, {"lr": 0.01}),
    (SGD(momentum=0.9), OPTIM.SGD, {"lr": 0.01, "momentum": 0.9}),
    (SGD(momentum=0.9, nesterov=True), OPTIM.SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    (
        readings.SGD(learning_rate=0.01, momentum=0.9, dampening=0.5, weight_decay=0.1),
        OPTIM.SGD,
        {"lr": 0.01, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
    ),
    (adam(), OPTIM.Adam, {"lr": 0.01, **BETAS}),
    (adam(amsgrad=True), OPTIM.Adam, {"lr": 0.01, **BETAS, "amsgrad": True}),
    (adam(readings.Adam, weight_decay=0.1), OPTIM.Adam, {"lr": 0.01, **BETAS, "weight_decay": 0.1}),
    (adam(AdamW, weight_decay=0.1), OPTIM.AdamW, {"lr": 0.01, **BETAS, "weight_decay": 0.1}),
    (adam(AdamW, amsgrad=True), OPTIM.AdamW, {"lr": 0.01, **BETAS, "weight_decay": 0.004, "amsgrad": True}),
    (RMSprop(rho=0.75), OPTIM.RMSprop, {"lr": 0.001, "alpha": 0.75, "eps": 1e-7}),
    (
        readings.RMSprop(learning_rate=0.001, rho=0.9, epsilon=1e-7, centered=True, momentum=0.5, weight_decay=0.1),
        OPTIM.RMSprop,
        {"lr": 0.001, "alpha": 0.9, "eps": 1e-7, "centered": True, "momentum": 0.5, "weight_decay": 0.1},
    ),
]
IDS = [repr(optimizer).replace("learning_rate=", "") for optimizer, _, _ in VARIANTS]
STATES = {
    "SGD": ["momentum_buffer"],
    "Adam": ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
    "AdamW": ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"],
    "RMSprop": ["square_avg", "momentum_buffer", "grad_avg"],
}


@pytest.fixture(scope="module")
def subject():
    return PyTorch()


def by_hand(experiment, kind, arguments):
    """An ordinary loop: what it held after every step, of the parameters and the optimizer's state, and the losses."""
    trained, dtype, slope = experiment.trainable, getattr(torch, experiment.dtype), experiment.negative_slope
    layers = [torch.nn.Linear(1, 1, bias="b" in trained), torch.nn.LeakyReLU(slope) if slope else torch.nn.ReLU()]
    if "v" in trained:
        layers.append(torch.nn.Linear(1, 1))
    model = torch.nn.Sequential(*layers).to(dtype)
    start = {"0.weight": "w", "0.bias": "b", "2.weight": "v", "2.bias": "d"}
    for name, parameter in model.named_parameters():
        torch.nn.init.constant_(parameter, getattr(experiment.initial, start[name]))
    criterion, optimizer = torch.nn.MSELoss(), kind(model.parameters(), **arguments)
    paths, states, losses = [], [], []
    for x, y in zip(*draw_batches(experiment), strict=True):
        optimizer.zero_grad()
        loss = criterion(model(torch.from_numpy(x)[:, None]), torch.from_numpy(y)[:, None])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        paths.append([p.item() for p in model.parameters()])
        names = STATES[kind.__name__]
        held = [optimizer.state[p] for p in model.parameters()]
        states.append([state[n].item() for n in names if held[0].get(n) is not None for state in held])
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
@pytest.mark.parametrize("negative_slope", [0.0, 0.3])
@pytest.mark.parametrize("trainable", [("w",), ("w", "b"), ("w", "b", "v", "d")], ids="".join)
@pytest.mark.parametrize(("optimizer", "kind", "arguments"), VARIANTS, ids=IDS)
def test_same_bits_as_by_hand(subject, optimizer, kind, arguments, trainable, negative_slope, dtype):
    experiment = experiment_of(optimizer, trainable, negative_slope, dtype)
    ours = recorded(subject, experiment)
    assert same_bits(ours, by_hand(experiment, kind, arguments)) == [True, True, True]
    assert (ours[0][1:] != ours[0][:-1]).all()


@pytest.mark.parametrize(("optimizer", "kind", "arguments"), VARIANTS, ids=IDS)
def test_another_setting_would_be_seen(subject, optimizer, kind, arguments):
    experiment = experiment_of(optimizer)
    ours = recorded(subject, experiment)
    name = next(n for n in ("weight_decay", "dampening", "alpha", "momentum", "lr", "betas") if n in arguments)
    changed = arguments | {name: (0.75, 0.91) if name == "betas" else arguments[name] * 1.01}
    assert same_bits(ours, by_hand(experiment, kind, changed))[0] is False


@pytest.mark.parametrize("negative_slope", [-0.5, 1.5])
def test_slopes_below_0_and_above_1(subject, negative_slope):
    experiment = replace(experiment_of(SGD(), ("w",), negative_slope, "float64"), batch_size=1, steps=1)
    (block,) = subject.record(experiment, (np.ones((1, 1)), np.zeros((1, 1))))
    assert block.y_pred[0, 0] == -1.5 * negative_slope
    assert block.gradient.w[0] == 2 * -1.5 * negative_slope**2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_kink_is_autograds(subject, dtype):
    for slope in (0.0, 0.3, -0.5, 2.0):
        z = torch.zeros((), dtype=getattr(torch, dtype), requires_grad=True)
        (torch.relu(z) if slope == 0 else torch.nn.functional.leaky_relu(z, slope)).backward()
        assert subject.at_kink(slope, dtype) == z.grad.item() == np.dtype(dtype).type(slope)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormals_are_what_a_product_makes_of_them(dtype):
    tiny = torch.full((64,), torch.finfo(getattr(torch, dtype)).tiny, dtype=getattr(torch, dtype))
    assert PyTorch().subnormals(dtype) == (bool((tiny * 0.5 == 0).any()), bool((tiny / 2 * 4 == 0).any()))


def test_flushing_is_seen_where_there_is_some():
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush")
    try:
        assert PyTorch().subnormals("float32") == (True, True)
    finally:
        torch.set_flush_denormal(False)
    assert PyTorch().subnormals("float32") == (False, False)


def test_nothing_of_pytorchs_own_state_is_used_or_changed(subject):
    experiment = experiment_of(SGD())
    usual = recorded(subject, experiment)
    torch.manual_seed(7)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            ours = recorded(PyTorch(), experiment)
            kink = PyTorch().at_kink(0.5, "float32")
    finally:
        torch.set_default_dtype(torch.float32)
    assert same_bits(ours, usual) == [True, True, True]
    assert kink == 0.5
    assert torch.equal(before, torch.random.get_rng_state())
    assert threads == torch.get_num_threads()


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (extended(SGD, "eps_root")(eps_root=0.5), "SGD of PyTorch has no setting eps_root, got 0.5"),
        (
            make_dataclass("Lion", [], bases=(SGD,), frozen=True, kw_only=True, eq=False)(),
            "PyTorch has no optimizer Lion here, only Adam, AdamW, RMSprop, SGD",
        ),
        (SGD(learning_rate=-1.0), "SGD of PyTorch refuses its settings: Invalid learning rate: -1.0"),
    ],
)
def test_what_pytorch_has_not_is_refused_in_one_line(subject, optimizer, message):
    with pytest.raises(ValueError, match=r".") as caught:
        list(subject.record(experiment_of(optimizer)))
    assert str(caught.value) == message


def test_a_setting_that_is_not_used_is_no_reason_to_refuse(subject):
    unused = experiment_of(extended(SGD, "eps_root")())
    assert same_bits(recorded(subject, unused), recorded(subject, experiment_of(SGD()))) == [True, True, True]
