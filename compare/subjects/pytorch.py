"""PyTorch as a subject: `torch.nn`, autograd and `torch.optim`, step by step as its users write it.

Parameters are float32 or float64 by their own dtype, on the CPU, whatever PyTorch's defaults
are. Its kernels keep subnormal numbers and contract multiplications and additions.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from compare.subjects.missing import CANNOT_IMPORT, cannot_import
from compare.subjects.settings import settings_for
from reference import Experiment, Parameters, checks
from reference.experiment import Batches
from reference.network import needs_bias, needs_output_layer
from reference.subject import Record, Subnormals, require_single
from reference.training import blocks

__all__ = ["PyTorch"]

_ADAM = ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay", "amsgrad")

SETTINGS = {
    "SGD": ("learning_rate", "momentum", "dampening", "weight_decay", "nesterov"),
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "RMSprop": ("learning_rate", "rho", "epsilon", "weight_decay", "momentum", "centered"),
}

_MOMENTS = {"momentum": "exp_avg", "velocity": "exp_avg_sq", "velocity_hat": "max_exp_avg_sq"}

# Where the state of an optimizer of the reference is in PyTorch's.
SLOTS = {
    "SGD": {"momentum": "momentum_buffer"},
    "Adam": _MOMENTS,
    "AdamW": _MOMENTS,
    "RMSprop": {"velocity": "square_avg", "momentum": "momentum_buffer", "average_gradient": "grad_avg"},
}


class PyTorch:
    """Records experiments as `torch.nn` and `torch.optim` train them; importing PyTorch takes seconds.

    Layers are `Linear`, `ReLU` for slope 0 and `LeakyReLU` for any other, the loss is
    `MSELoss`; a step is `zero_grad`, `backward` and the optimizer's `step`. Generators of
    random numbers, threads and defaults are left as they are.

    Attributes
    ----------
    name, system, mode, operations, constants, argument : str
    takes_optimizer : bool
        See `reference.subject.Subject`.

    Raises
    ------
    ImportError
        If there is no PyTorch.
    """

    system = "pytorch"
    mode, operations, constants, takes_optimizer = "eager", "contracted", "direct", True
    argument = 'subject="torch"'

    def __init__(self) -> None:
        self._torch = _import()
        self.name = f"PyTorch {self._torch.__version__.partition('+')[0]}"
        self._subnormals: dict[str, Subnormals] = {}

    def record(self, experiment: Experiment, batches: Batches | None = None) -> Iterator[Record]:
        """Run an experiment, block by block.

        Parameters
        ----------
        experiment : Experiment
            Of a single neuron.
        batches : tuple of x and y, optional
            As for `reference.train`.

        Yields
        ------
        Record

        Raises
        ------
        ValueError
            If the experiment is an ensemble, or PyTorch has not its optimizer or a setting of it.
        """
        require_single(experiment)
        run = _Run(self._torch, experiment)
        first_step = 0
        for x, y in blocks(experiment, batches):
            yield run.record(first_step, x, y)
            first_step += len(x)

    def at_kink(self, negative_slope: float, dtype: str) -> float:
        """The slope, as PyTorch takes it: not asked here, lest a wrong one pass for its nature; the tests ask."""
        return float(np.dtype(checks.dtype("dtype", dtype)).type(negative_slope))

    def subnormals(self, dtype: str) -> Subnormals:
        """What becomes of subnormal numbers in a product of two tensors, asked once."""
        if checks.dtype("dtype", dtype) not in self._subnormals:
            torch, tiny, size = self._torch, float(np.finfo(dtype).tiny), 1000  # as a batch

            def vanishes(a: float, b: float) -> bool:
                product = np.multiply.outer([a, b], np.ones(size)).astype(dtype)
                return bool((torch.mul(*torch.tensor(product, device="cpu")) == 0).any())

            self._subnormals[dtype] = Subnormals(vanishes(tiny, 0.5), vanishes(tiny / 2, 4.0))
        return self._subnormals[dtype]

    def in_single(self, dtype: str) -> frozenset[str]:
        """Nothing: layers, loss and derivatives are float64 where the parameters are."""
        return frozenset()

    def refuses(self, dtype: str) -> str | None:
        """Nothing."""
        return None


class _Run:
    """Model, loss and optimizer of one run, and the loop over a block of batches."""

    def __init__(self, torch: Any, experiment: Experiment) -> None:
        self.torch, self.experiment = torch, experiment
        self.model, self.parameters = _build_model(torch, experiment)
        self.trained = [p for p in self.parameters if p is not None and p.requires_grad]
        self.optimizer = _build_optimizer(torch, experiment, self.trained)
        self.loss = torch.nn.MSELoss()
        places = SLOTS[type(experiment.optimizer).__name__]
        self.slots = {name: places[name] for name in experiment.optimizer.slots if name in places}

    def record(self, first_step: int, x: np.ndarray, y: np.ndarray) -> Record:
        """Run a block, and arrange what was recorded."""
        torch, optimizer, trained, experiment = self.torch, self.optimizer, self.trained, self.experiment
        y_pred, rows, states = np.empty_like(x), [], [self._state()]
        batches = zip(*(torch.tensor(a, device="cpu").unsqueeze(-1).unbind() for a in (x, y)), y_pred, strict=True)
        with torch.enable_grad():
            for inputs, labels, kept in batches:
                optimizer.zero_grad()
                outputs = self.model(inputs)
                loss = self.loss(outputs, labels)
                loss.backward()
                optimizer.step()
                kept[:] = outputs.detach().numpy()[:, 0]
                rows.append([loss.item(), *(p.grad.item() for p in trained)])
                states.append(self._state())
        losses, *gradients = _columns(rows, experiment.dtype)
        paths, many = _columns(states, experiment.dtype), len(trained)
        parameters = self._named(paths[:many], [np.full(len(x) + 1, p, experiment.dtype) for p in experiment.initial])
        slots = {
            name: self._named(paths[many * i : many * (i + 1)], [None] * 4) for i, name in enumerate(self.slots, 1)
        }
        return Record(first_step, x, y, parameters, slots, y_pred, losses, self._named(gradients, [None] * 4))

    def _state(self) -> list[float]:
        """Trained parameters, then each slot of each of them; what PyTorch has not made yet is 0."""
        states = [self.optimizer.state.get(p, {}) for p in self.trained]
        slots = [state[key].item() if key in state else 0.0 for key in self.slots.values() for state in states]
        return [*(p.item() for p in self.trained), *slots]

    def _named(self, arrays: list[np.ndarray], others: list[Any]) -> Parameters:
        mine = dict(zip(self.experiment.trainable, arrays, strict=True))
        return Parameters(*(mine.get(n, other) for n, other in zip(Parameters._fields, others, strict=True)))


def _import() -> Any:
    try:
        import torch
    except CANNOT_IMPORT as error:
        raise cannot_import("PyTorch", "torch", error) from None
    return torch


def _columns(rows: list[list[float]], dtype: str) -> list[np.ndarray]:
    """Lists of numbers of the dtype, one a step, as one array for each place."""
    return list(np.ascontiguousarray(np.array(rows, dtype).T))


def _activation(torch: Any, negative_slope: float) -> Any:
    return torch.nn.ReLU() if negative_slope == 0 else torch.nn.LeakyReLU(float(negative_slope))


def _build_model(torch: Any, experiment: Experiment) -> tuple[Any, Parameters]:
    """The network at its start, and its parameters by name, None for what it does not have."""
    as_asked = {"dtype": getattr(torch, experiment.dtype), "device": "cpu"}
    with torch.random.fork_rng(devices=[]):  # layers draw weights, which nobody needs
        first = torch.nn.Linear(1, 1, bias=needs_bias(experiment), **as_asked)
        second = torch.nn.Linear(1, 1, **as_asked) if needs_output_layer(experiment) else None
    activation = _activation(torch, experiment.negative_slope)
    layers = (first, activation) if second is None else (first, activation, second)
    named = Parameters(first.weight, first.bias, *((None, None) if second is None else (second.weight, second.bias)))
    with torch.no_grad():
        for name, parameter, start in zip(Parameters._fields, named, experiment.initial, strict=True):
            if parameter is not None:
                parameter.fill_(float(start)).requires_grad_(name in experiment.trainable)
    return torch.nn.Sequential(*layers), named


def _build_optimizer(torch: Any, experiment: Experiment, trained: list[Any]) -> Any:
    """PyTorch's optimizer of the same name, with the same settings."""
    kind, settings = type(experiment.optimizer).__name__, settings_for(experiment.optimizer, "PyTorch", SETTINGS)
    arguments = {"lr": settings.pop("learning_rate")}
    if "beta_1" in settings:
        arguments["betas"] = settings.pop("beta_1"), settings.pop("beta_2")
    if "epsilon" in settings:
        arguments["eps"] = settings.pop("epsilon")
    if "rho" in settings:
        arguments["alpha"] = settings.pop("rho")
    if "nesterov" in settings and settings["momentum"] == 0:
        settings["nesterov"] = False  # has no effect then, and is refused
    try:
        return getattr(torch.optim, kind)(trained, **arguments, **settings)
    except ValueError as error:
        raise ValueError(f"{kind} of PyTorch refuses its settings: {error}") from None
