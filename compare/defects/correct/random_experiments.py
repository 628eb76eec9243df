"""Experiments that nobody chose: any optimizer, slope, start, teacher, batch size and dtype."""

import numpy as np

from reference import SGD, Adam, AdamW, Experiment, Optimizer, Parameters, RMSprop, Target

__all__ = ["random_experiment"]


def random_experiment(rng: np.random.Generator) -> Experiment:
    """Draw a short experiment.

    Examples
    --------
    >>> random_experiment(np.random.default_rng(0)).steps <= 8
    True
    """
    size = 10.0 ** rng.integers(-6, 4)
    start = Parameters(*(float(p) for p in size * rng.standard_normal(2)), *map(float, rng.standard_normal(2)))
    if rng.random() < 0.1:
        start = start._replace(w=0.0, b=0.0)
    trainable = tuple(name for name in Parameters._fields if rng.random() < 0.6) or ("w",)
    target = Target(*(float(t) for t in rng.standard_normal(2))) if rng.random() < 0.5 else Target()
    return Experiment(
        initial=start,
        trainable=trainable,
        negative_slope=float(rng.choice([0.0, 0.3, rng.uniform(-2, 3)])),
        optimizer=_random_optimizer(rng),
        target=target,
        batch_size=int(rng.integers(1, 65)),
        steps=int(rng.integers(1, 9)),
        seed=int(rng.integers(2**31)),
        dtype=str(rng.choice(["float32", "float64"])),
    )


def _random_optimizer(rng: np.random.Generator) -> Optimizer:
    rate = float(10.0 ** rng.uniform(-4, 0.5))
    momentum, beta_1 = (float(rng.choice([0.5, 0.9, rng.random()])) for _ in range(2))
    beta_2, coin = float(rng.choice([0.9, 0.999])), bool(rng.random() < 0.5)
    choices: list[Optimizer] = [
        SGD(learning_rate=rate),
        SGD(learning_rate=rate, momentum=momentum, nesterov=coin),
        Adam(learning_rate=rate, beta_1=beta_1, beta_2=beta_2, amsgrad=coin),
        AdamW(learning_rate=rate, weight_decay=float(rng.random()), amsgrad=coin),
        RMSprop(learning_rate=rate, rho=beta_1, momentum=momentum if coin else 0.0),
        RMSprop(learning_rate=rate, centered=True, momentum=momentum if coin else 0.0),
    ]
    return choices[rng.integers(len(choices))]
