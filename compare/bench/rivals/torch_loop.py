"""PyTorch: one neuron, trained by the loop of its tutorials."""

from collections.abc import Callable
from typing import Any

import numpy as np

from reference import Experiment, Parameters

__all__ = ["build"]


def build(experiment: Experiment) -> Callable[[np.ndarray, np.ndarray], Parameters]:
    """For each batch `zero_grad`, `backward` and `step`; for (w), (w, b) or all four, plain SGD or Adam, and a ReLU."""
    import torch

    def train(x: np.ndarray, y: np.ndarray) -> Parameters:
        layers: list[Any] = [torch.nn.Linear(1, 1, bias="b" in experiment.trainable), torch.nn.ReLU()]
        if "v" in experiment.trainable:
            layers.append(torch.nn.Linear(1, 1))
        model = torch.nn.Sequential(*layers).to(getattr(torch, experiment.dtype))
        named = dict(zip(Parameters._fields, model.parameters(), strict=False))
        with torch.no_grad():
            for name, parameter in named.items():
                parameter.fill_(float(getattr(experiment.initial, name)))
        optimizer, loss_of = _optimizer(torch, experiment, model), torch.nn.MSELoss()
        for inputs, labels in zip(torch.tensor(x).unsqueeze(-1), torch.tensor(y).unsqueeze(-1), strict=True):
            optimizer.zero_grad()
            loss_of(model(inputs), labels).backward()
            optimizer.step()
        return experiment.initial._replace(**{name: parameter.item() for name, parameter in named.items()})

    return train


def _optimizer(torch: Any, experiment: Experiment, model: Any) -> Any:
    settings: Any = experiment.optimizer
    if type(settings).__name__ == "SGD":
        return torch.optim.SGD(model.parameters(), lr=settings.learning_rate)
    betas = settings.beta_1, settings.beta_2
    return torch.optim.Adam(model.parameters(), lr=settings.learning_rate, betas=betas, eps=settings.epsilon)
