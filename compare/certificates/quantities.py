"""The quantities of a run, by the names that certificates give them: "loss", "gradient.w", "momentum.w", "w"."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reference import Parameters

__all__ = [
    "by_quantity",
    "group_of",
    "loss_and_gradient",
    "map_parameters",
    "quantity_name",
    "recorded",
    "states_before",
]


def quantity_name(group: str, name: str) -> str:
    """Name of one parameter's entry in a group: in a slot, in "gradient", or in "", the parameters themselves."""
    return f"{group}.{name}" if group else name


def group_of(quantity: str) -> str:
    """What a quantity belongs to: "gradient" or a slot; "y_pred", "loss" and parameters are groups of their own.

    >>> group_of("momentum.w"), group_of("loss")
    ('momentum', 'loss')
    """
    group, _, name = quantity.rpartition(".")
    return group or name


def by_quantity(groups: Mapping[str, Parameters], names: Iterable[str] = Parameters._fields) -> dict[str, Any]:
    """Entries of groups of parameters by `quantity_name`, group after group, without those that are None."""
    found = {quantity_name(group, name): getattr(of, name) for group, of in groups.items() for name in names}
    return {quantity: value for quantity, value in found.items() if value is not None}


def loss_and_gradient(loss: Any, gradient: Parameters) -> dict[str, Any]:
    """Return by quantity the loss and the derivatives by what is trained."""
    return {"loss": loss, **by_quantity({"gradient": gradient})}


def recorded(run: Any) -> dict[str, Any]:
    """Of a Trajectory or a Record of Keras, loss and gradient of each step and the state after it."""

    def after(group: Parameters) -> Parameters:
        return map_parameters(lambda path: path[1:], group)

    slots = {slot: after(group) for slot, group in run.slots.items()}
    return {"loss": run.loss, **by_quantity({"": after(run.parameters), "gradient": run.gradient, **slots})}


def states_before(run: Any) -> tuple[Parameters, dict[str, Parameters]]:
    """Parameters and slots before each step of a Trajectory or a Record of Keras."""
    before = map_parameters(lambda path: path[:-1], run.parameters)
    return before, {slot: map_parameters(lambda path: path[:-1], group) for slot, group in run.slots.items()}


def map_parameters(function: Callable[[Any], Any], group: Parameters) -> Parameters:
    """Apply a function to each entry; None, for what is not trained, stays None."""
    return Parameters(*(None if entry is None else function(entry) for entry in group))
