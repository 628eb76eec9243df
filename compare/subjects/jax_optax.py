"""JAX with optax as a subject: `jax.value_and_grad` and an optax optimizer in one compiled scan over the batches.

Whether JAX has 64-bit numbers at all is a setting of its own, and not of the arrays: in an
experiment of float32, optax' powers of beta are float64 when it is on. It is on here for
experiments of float64 only, and JAX' own setting stays as it is.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from compare.subjects.missing import CANNOT_IMPORT, cannot_import
from compare.subjects.settings import settings_for
from reference import Experiment, Parameters, checks
from reference.experiment import Batches
from reference.network import needs_bias, needs_output_layer
from reference.subject import Record, Subnormals, require_single
from reference.training import blocks

__all__ = ["JaxOptax"]

SYSTEM = "optax"
X64, LOG_LEVEL = "JAX_ENABLE_X64", "TF_CPP_MIN_LOG_LEVEL"
OFF = ("0", "f", "false", "n", "no", "off")  # as JAX reads it

_ADAM = ("learning_rate", "beta_1", "beta_2", "epsilon", "eps_root")

SETTINGS = {
    "SGD": ("learning_rate", "momentum", "nesterov"),
    "Adam": (*_ADAM, "amsgrad"),
    "AdamW": (*_ADAM, "weight_decay"),
    "RMSprop": (
        *("learning_rate", "rho", "momentum", "epsilon", "centered"),
        *("initial_scale", "eps_in_sqrt", "nesterov", "bias_correction"),
    ),
}

_MOMENTS = {"momentum": "mu", "velocity": "nu", "velocity_hat": "nu_max"}

# Where the state of an optimizer of the reference is in optax'.
SLOTS = {
    "SGD": {"momentum": "trace"},
    "Adam": _MOMENTS,
    "AdamW": _MOMENTS,
    "RMSprop": {"velocity": "nu", "momentum": "trace", "average_gradient": "mu"},
}


class JaxOptax:
    """Records experiments as JAX and optax train them; those that differ in numbers only share one compiled scan.

    Shared are start, learning rate and batches; another number of steps, as all shapes, is
    compiled anew, in some tenths of a second.

    Attributes
    ----------
    name, system, mode, operations, constants, argument : str
    takes_optimizer : bool
        See `reference.subject.Subject`.

    Raises
    ------
    ImportError
        If there is no JAX or no optax.
    """

    system = "optax"
    mode, operations, constants, takes_optimizer = "xla", "fused", "direct", True
    argument = 'subject="jax"'

    def __init__(self) -> None:
        self._jax, self._optax = _import()
        self.name = f"JAX {self._jax.__version__} with optax {self._optax.__version__}"
        self._scans: dict[Any, _Scan] = {}
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
            If the experiment is an ensemble, optax has not its optimizer or a setting of it,
            or it is of float64 where JAX_ENABLE_X64 says that there is none.
        """
        require_single(experiment)
        key = (
            experiment.dtype,
            experiment.trainable,
            float(experiment.negative_slope),
            needs_bias(experiment),
            needs_output_layer(experiment),
            replace(experiment.optimizer, learning_rate=0.0),
        )
        with self._as_asked(experiment.dtype):
            if key not in self._scans:
                self._scans[key] = _Scan(self._jax, self._optax, experiment)
            scan = self._scans[key]
            state = scan.start(experiment)
        first_step = 0
        for x, y in blocks(experiment, batches):
            with self._as_asked(experiment.dtype):
                block, state = scan.record(experiment, state, first_step, x, y)
            yield block
            first_step += len(x)

    def at_kink(self, negative_slope: float, dtype: str) -> float:
        """0 for ReLU, and 1 for any other slope, as JAX takes it: not asked here; the tests ask."""
        checks.dtype("dtype", dtype)
        return 0.0 if negative_slope == 0 else 1.0

    def subnormals(self, dtype: str) -> Subnormals:
        """What becomes of subnormal numbers in a product of two arrays within a compiled scan, asked once."""
        if checks.dtype("dtype", dtype) not in self._subnormals:
            jax, tiny, size = self._jax, float(np.finfo(dtype).tiny), 1000  # as a batch

            @jax.jit  # type: ignore[untyped-decorator]
            def products(a: Any, b: Any) -> Any:
                return jax.lax.scan(lambda carry, pair: (carry, pair[0] * pair[1]), None, (a, b))[1]

            def vanishes(a: float, b: float) -> bool:
                return bool((products(np.full((2, size), a, dtype), np.full((2, size), b, dtype)) == 0).any())

            with self._as_asked(dtype):
                self._subnormals[dtype] = Subnormals(vanishes(tiny, 0.5), vanishes(tiny / 2, 4.0))
        return self._subnormals[dtype]

    def in_single(self, dtype: str) -> frozenset[str]:
        """Nothing: everything is float64 where the parameters are."""
        return frozenset()

    def refuses(self, dtype: str) -> str | None:
        """Float64, where the environment says that JAX shall have none."""
        if dtype == "float64" and os.environ.get(X64, "").lower() in OFF:
            return f"JAX has no float64 as long as {X64} is {os.environ[X64]}; unset it or set it to 1"
        return None

    def _as_asked(self, dtype: str) -> ExitStack:
        """Within it, JAX is on the CPU and has 64-bit numbers exactly if the dtype needs them."""
        why = self.refuses(dtype)
        if why is not None:
            raise ValueError(why)
        within = ExitStack()
        within.enter_context(self._jax.default_device(self._jax.devices("cpu")[0]))
        within.enter_context(self._jax.enable_x64(dtype == "float64"))
        return within


class _Scan:
    """The compiled loop over a block of batches, for all starts and learning rates."""

    def __init__(self, jax: Any, optax: Any, experiment: Experiment) -> None:
        names, slope = Parameters._fields, experiment.negative_slope
        used = (True, needs_bias(experiment), *[needs_output_layer(experiment)] * 2)
        self.fixed = [name for name, use in zip(names, used, strict=True) if use and name not in experiment.trainable]
        build = _builder(optax, experiment)
        self.init = build(0.0).init
        places = SLOTS[type(experiment.optimizer).__name__]
        self.slots = {name: places[name] for name in experiment.optimizer.slots if name in places}
        predict = _network(_activation(jax, slope))

        def scan(fixed: Any, start: Any, batches: Any) -> Any:
            def loss_of(trained: Any, x: Any, y: Any) -> Any:
                y_pred = predict(fixed | trained, x)
                return jax.numpy.mean((y_pred - y) ** 2), y_pred

            def step(carry: Any, batch: Any) -> Any:
                (trained, state), (x, y, learning_rate) = carry, batch
                (loss, y_pred), gradient = jax.value_and_grad(loss_of, has_aux=True)(trained, x, y)
                updates, state = build(learning_rate).update(gradient, state, trained)
                trained = optax.apply_updates(trained, updates)
                slots = {name: optax.tree_utils.tree_get(state, place) for name, place in self.slots.items()}
                return (trained, state), (trained, slots, y_pred, loss, gradient)

            return jax.lax.scan(step, start, batches)

        self.scan: Callable[..., Any] = jax.jit(scan)
        self.tree_get = optax.tree_utils.tree_get

    def start(self, experiment: Experiment) -> Any:
        """Trained parameters and optimizer state before the first step."""
        trained = _numbers(experiment, experiment.trainable)
        return trained, self.init(trained)

    def record(
        self, experiment: Experiment, start: Any, first_step: int, x: np.ndarray, y: np.ndarray
    ) -> tuple[Record, Any]:
        """Run a block and arrange what was recorded; also the state to go on from."""
        # One for each batch: what is the same for all, XLA takes out of the loop, and rounds otherwise than a step.
        rates = np.full(len(x), experiment.optimizer.learning_rate, experiment.dtype)
        end, recorded = self.scan(_numbers(experiment, self.fixed), start, (x, y, rates))
        trained, slots, y_pred, loss, gradient = recorded
        before, state = start
        new = first_step == 0  # slots begin at 0, as those of the reference, also where optax begins elsewhere
        paths = {name: _after(before[name], path) for name, path in trained.items()}
        others = [np.full(len(x) + 1, value, experiment.dtype) for value in experiment.initial]
        kept = {
            name: _named(
                {
                    n: _after(0 * value if new else value, slots[name][n])
                    for n, value in self.tree_get(state, place).items()
                }
            )
            for name, place in self.slots.items()
        }
        gradients = _named({name: np.array(path) for name, path in gradient.items()})
        parameters = Parameters(*(paths.get(n, o) for n, o in zip(Parameters._fields, others, strict=True)))
        return Record(first_step, x, y, parameters, kept, np.array(y_pred), np.array(loss), gradients), end


def _import() -> Any:
    level = os.environ.get(LOG_LEVEL)
    try:
        import jax
        import optax
    except CANNOT_IMPORT as error:
        raise cannot_import("JAX with optax", "optax", error) from None
    if level is None:  # which JAX has set, for TensorFlow too
        os.environ.pop(LOG_LEVEL, None)
    return jax, optax


def _numbers(experiment: Experiment, names: Any) -> dict[str, np.ndarray]:
    """Start values of these parameters, by name, as arrays of shape () of the dtype."""
    return {name: np.array(getattr(experiment.initial, name), experiment.dtype) for name in names}


def _after(before: Any, path: Any) -> np.ndarray:
    """The states of a number from before the first step on."""
    return np.concatenate([np.reshape(before, 1), path])


def _named(arrays: dict[str, np.ndarray]) -> Parameters:
    return Parameters(*(arrays.get(name) for name in Parameters._fields))


def _activation(jax: Any, negative_slope: float) -> Callable[[Any], Any]:
    if negative_slope == 0:
        return jax.nn.relu  # type: ignore[no-any-return]
    return lambda z: jax.nn.leaky_relu(z, negative_slope=float(negative_slope))


def _network(activation: Callable[[Any], Any]) -> Callable[[dict[str, Any], Any], Any]:
    """The neuron as a function of the parameters that it has."""

    def predict(parameters: dict[str, Any], x: Any) -> Any:
        z = parameters["w"] * x
        a = activation(z + parameters["b"] if "b" in parameters else z)
        return parameters["v"] * a + parameters["d"] if "v" in parameters else a

    return predict


def _builder(optax: Any, experiment: Experiment) -> Callable[[Any], Any]:
    """Makes optax' optimizer of the same name, with the same settings but for a learning rate that is handed in."""
    kind, settings = type(experiment.optimizer).__name__, settings_for(experiment.optimizer, SYSTEM, SETTINGS)
    momentum = settings.get("momentum") or None
    if kind == "SGD":
        return lambda rate: optax.sgd(rate, momentum=momentum, nesterov=settings["nesterov"])
    if kind == "RMSprop":
        same = {name: settings[name] for name in ("centered", "initial_scale", "eps_in_sqrt", "nesterov")}
        same |= {"decay": settings["rho"], "eps": settings["epsilon"], "bias_correction": settings["bias_correction"]}
        return lambda rate: optax.rmsprop(rate, momentum=momentum, **same)
    moments = {
        "b1": settings["beta_1"],
        "b2": settings["beta_2"],
        "eps": settings["epsilon"],
        "eps_root": settings["eps_root"],
    }
    if kind == "AdamW":
        return lambda rate: optax.adamw(rate, **moments, weight_decay=settings["weight_decay"])
    make = optax.amsgrad if settings["amsgrad"] else optax.adam
    return lambda rate: make(rate, **moments)
