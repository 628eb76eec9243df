"""A function of yours that takes a step of training, as a subject.

It is called once for each batch::

    def step(parameters, x, y, state):
        ...
        return parameters, state

    parameters   reference.Parameters of NumPy scalars: where the step begins
    x, y         arrays of shape (batch_size,): the batch
    state        whatever it returned last time; None at first
    returned     Parameters (or a mapping, with what is trained), numbers of the same dtype, and a state

That is enough: each step is held against one of the reference from the same parameters, and
an optimizer's slots, which stay hidden, are replayed. A third thing may be returned, a mapping
with what is to be looked at as well: "y_pred" of shape (batch_size,), "loss", "gradient", and
slots by the reference's names, such as "momentum": Parameters, or mappings with what is trained.

The experiment says what the function is to do, optimizer and all; the function has its settings
in itself. A run may begin anywhere and be in either dtype: `certify` also runs short twins.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from reference import Experiment, Parameters
from reference.experiment import Batches
from reference.subject import Record, Subnormals, require_single
from reference.training import blocks

__all__ = ["Function"]

OBSERVED = ("y_pred", "loss", "gradient")


class Function:
    """A subject made of a function, which the module's docstring describes.

    Parameters
    ----------
    step : callable

    Raises
    ------
    TypeError
        If it is not callable; when it runs, also if it returns something else than what it should.

    Examples
    --------
    Gradient descent with a rate of 1/4, written by hand:

    >>> from compare import certify
    >>> from reference import SGD
    >>> def step(parameters, x, y, state):
    ...     w = parameters.w
    ...     z = w * x
    ...     gradient = (2 * (np.maximum(z, 0) - y) * (z > 0) * x).mean()
    ...     return Parameters(w=w - w.dtype.type(0.25) * gradient), state
    >>> certificate = certify(Experiment(optimizer=SGD(learning_rate=0.25), steps=20), subject=step)
    >>> certificate.agrees, certificate.subject, certificate.compared["w"], certificate.compared["loss"]
    (True, 'step', 34, 0)
    """

    system = ""
    mode, operations, constants, takes_optimizer = "eager", "contracted", "direct", False

    def __init__(self, step: Callable[..., Any]) -> None:
        if not callable(step):
            raise TypeError(f"a subject must be a name, a function or an optimizer of Keras, got {step!r}")
        self._step = step
        try:
            inspect.signature(step).bind(*4 * [None])
        except TypeError:
            raise TypeError(f"a function must take parameters, x, y and a state, which {step!r} does not") from None
        except ValueError:  # nothing is known of how it is called
            pass
        self.name = str(getattr(step, "__name__", type(step).__name__))
        self.argument = f"subject={self.name if self.name.isidentifier() else 'step'}"

    def record(self, experiment: Experiment, batches: Batches | None = None) -> Iterator[Record]:
        """Run an experiment, block by block; see `reference.subject.Subject`."""
        require_single(experiment)
        dtype = np.dtype(experiment.dtype)
        parameters = Parameters(*(dtype.type(p) for p in experiment.initial))
        slots = experiment.optimizer.init(parameters).slots
        state, first_step = None, 0
        for x, y in blocks(experiment, batches):
            path, seen = [parameters], []
            for batch_x, batch_y in zip(x, y, strict=True):
                returned = self._step(parameters, batch_x.copy(), batch_y.copy(), state)
                if not isinstance(returned, tuple) or len(returned) not in (2, 3):
                    raise TypeError(
                        f"{self.name} must return parameters, a state and perhaps what it saw, got {_kind(returned)}"
                    )
                stepped, state, *more = returned
                parameters = self._parameters(experiment, "parameters", stepped, parameters)
                path.append(parameters)
                seen.append(self._seen(experiment, more[0] if more else {}, len(batch_x)))
            yield _record(experiment, first_step, x, y, path, seen, slots)
            slots = {slot: group for slot, group in seen[-1].items() if slot not in OBSERVED}
            first_step += len(x)

    def at_kink(self, negative_slope: float, dtype: str) -> float:
        """The slope, as in the reference: `Experiment.grad_at_zero` says otherwise."""
        return negative_slope

    def subnormals(self, dtype: str) -> Subnormals | None:
        """Not known."""
        return None

    def in_single(self, dtype: str) -> frozenset[str]:
        """Nothing that would be known."""
        return frozenset()

    def refuses(self, dtype: str) -> str | None:
        """Nothing."""
        return None

    def _parameters(self, experiment: Experiment, what: str, given: Any, before: Parameters | None) -> Parameters:
        """What is trained as the function returned it; what is not as it was before, or None."""
        as_mapping = given._asdict() if isinstance(given, Parameters) else given
        if not isinstance(as_mapping, Mapping):
            raise TypeError(f"{self.name} must return {what} as Parameters or a mapping, got {_kind(given)}")
        found: dict[str, Any] = dict.fromkeys(Parameters._fields) if before is None else before._asdict()
        for name in Parameters._fields:
            trained, value = name in experiment.trainable, as_mapping.get(name)
            if value is None and trained:
                raise TypeError(f"{self.name} must return {what} with {name}, which is trained")
            if value is not None and (trained or before is not None):
                # A Parameters that is made anew has numbers of Python for what is not trained.
                plain = not trained and type(value) is float
                given_as = np.dtype(experiment.dtype).type(value) if plain else value
                found[name] = self._number(experiment, f"{what}.{name}", given_as)
        return Parameters(**found)

    def _number(self, experiment: Experiment, what: str, given: Any) -> Any:
        return self._array(experiment, what, given, ())[()]

    def _array(self, experiment: Experiment, what: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
        wanted = f"an array of {experiment.dtype} of shape {shape}" if shape else f"a number of {experiment.dtype}"
        must = f"{self.name} must return {what} as {wanted}"
        try:
            array = np.asarray(given)
        except Exception as error:  # whatever somebody's array type raises
            raise TypeError(f"{must}: {' '.join(str(error).split())[:200]}") from None
        fits = array.shape == shape or (not shape and array.size == 1)
        if array.dtype != experiment.dtype or not fits:
            twin = " (certify also runs in float64, unless twins=False)" if experiment.dtype == "float64" else ""
            raise TypeError(f"{must}, got {array.dtype} of shape {array.shape}{twin}")
        return array.reshape(shape)

    def _seen(self, experiment: Experiment, given: Any, samples: int) -> dict[str, Any]:
        """What the function shows of a step, checked."""
        slots = experiment.optimizer.slots
        if not isinstance(given, Mapping) or given.keys() - {*OBSERVED, *slots}:
            got = ", ".join(map(str, given)) if isinstance(given, Mapping) else _kind(given)
            raise TypeError(f"{self.name} may show {', '.join((*OBSERVED, *slots))} of a step, got {got}")
        seen: dict[str, Any] = {}
        for what, value in given.items():
            if what == "y_pred":
                seen[what] = self._array(experiment, what, value, (samples,))
            elif what == "loss":
                seen[what] = self._number(experiment, what, value)
            else:
                seen[what] = self._parameters(experiment, what, value, None)
        return seen


def _record(
    experiment: Experiment,
    first_step: int,
    x: np.ndarray,
    y: np.ndarray,
    path: list[Parameters],
    seen: list[dict[str, Any]],
    slots: Mapping[str, Parameters],
) -> Record:
    """Arrange a block; what was not seen at every step was not seen. `slots` are those before the first."""
    none: Any = None
    shown = {what for what in seen[0] if all(what in step for step in seen)}
    kept = {
        slot: _stacked(experiment, [slots[slot], *(step[slot] for step in seen)])
        for slot in experiment.optimizer.slots
        if slot in shown and slot in slots
    }
    return Record(
        first_step,
        x,
        y,
        Parameters(*(np.array(column) for column in zip(*path, strict=True))),
        kept,
        np.stack([step["y_pred"] for step in seen]) if "y_pred" in shown else none,
        np.array([step["loss"] for step in seen]) if "loss" in shown else none,
        _stacked(experiment, [step["gradient"] for step in seen]) if "gradient" in shown else Parameters(*4 * [none]),
    )


def _stacked(experiment: Experiment, groups: list[Parameters]) -> Parameters:
    columns = {name: np.array([getattr(group, name) for group in groups]) for name in experiment.trainable}
    return Parameters(*(columns.get(name) for name in Parameters._fields))


def _kind(value: Any) -> str:
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else type(value).__name__
