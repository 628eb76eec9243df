"""Families for wrong formulas: short experiments in float64, chosen to show differences.

Random samples from an ordinary start show most defects. The rest need states that random
runs do not visit: w = b = 0, where every sample is on the kink; gradients so small that
an epsilon matters; gradients so large that a limit matters; the first steps, for bias
corrections; a learning rate that changes. The long run has settings that a tutorial would
choose.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from compare.defects.families.family import Family
from reference import SGD, Adam, AdamW, Experiment, Optimizer, Parameters, RMSprop, Target

__all__ = ["PROBED"]

_SHORT = Experiment(trainable=("w", "b"), batch_size=16, steps=12, dtype="float64")
_RATES = (0.01, 0.001, 0.02)


def _probed(
    optimizer: Optimizer,
    *,
    negative_slope: float = 0.0,
    trainable: tuple[str, ...] = ("w", "b"),
    networks: tuple[str, ...] = (),
    rates: tuple[float, ...] = (),
) -> Family:
    """The family of a network and an optimizer."""
    base = replace(_SHORT, optimizer=optimizer, negative_slope=negative_slope, trainable=trainable)
    start = Parameters(w=-1.5, b=0.5, v=-0.75, d=0.25) if "v" in trainable else Parameters(w=-1.5, b=0.5)
    right_way = Parameters(w=2.0, b=0.5, v=0.75, d=0.25) if "v" in trainable else Parameters(w=2.0, b=0.5)
    return Family(
        run=replace(base, initial=right_way, batch_size=100, steps=2000, dtype="float32"),
        experiments=MappingProxyType(
            {
                "ordinary": replace(base, initial=start),
                "right-way": replace(base, initial=start._replace(w=1.25), seed=1),
                "kink": replace(base, initial=start._replace(w=0.0, b=0.0), steps=4, seed=2),
                "tiny": replace(
                    base, initial=start._replace(w=3e-9, b=2e-9, d=0.0), target=Target(w=1e-9), steps=8, seed=3
                ),
                "large": replace(base, initial=start._replace(w=-3e7, b=2e7), steps=4, seed=4),
            }
        ),
        networks=networks,
        rates=rates,
    )


PROBED: Mapping[str, Family] = MappingProxyType(
    {
        "relu": _probed(SGD(learning_rate=0.05), networks=("relu-wbvd",)),
        "leaky": _probed(SGD(learning_rate=0.05), negative_slope=0.3, networks=("steep-wb",)),
        "steep": _probed(SGD(learning_rate=0.02), negative_slope=2.0, networks=("steep-wb",)),
        "negative": _probed(SGD(learning_rate=0.05), negative_slope=-0.5, networks=("negative-wbvd-momentum",)),
        "output": _probed(
            SGD(learning_rate=0.05),
            negative_slope=0.3,
            trainable=("w", "b", "v", "d"),
            networks=("leaky-wbvd-nesterov",),
        ),
        "sgd": _probed(SGD(learning_rate=0.01), networks=("relu-wbvd",)),
        "momentum": _probed(SGD(learning_rate=0.01, momentum=0.9), networks=("relu-wb-momentum",), rates=_RATES),
        "nesterov": _probed(
            SGD(learning_rate=0.01, momentum=0.9, nesterov=True), networks=("leaky-wbvd-nesterov",), rates=_RATES
        ),
        "adam": _probed(Adam(learning_rate=0.01)),
        "amsgrad": _probed(Adam(learning_rate=0.01, amsgrad=True)),
        "adamw": _probed(AdamW(learning_rate=0.01)),
        "rmsprop": _probed(RMSprop(learning_rate=0.01)),
        "centered": _probed(RMSprop(learning_rate=0.01, momentum=0.5, centered=True)),
    }
)
