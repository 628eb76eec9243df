"""What each defect is tried on: a few short experiments in float64, chosen to show differences.

Random samples from an ordinary start show most defects. The rest need states that random
runs do not visit: w = b = 0, where every sample is on the kink; gradients so small that
an epsilon matters; gradients so large that a limit matters; the first steps, for bias
corrections; a learning rate that changes. The long run is for the usual tests, with
settings that a tutorial would choose, and in float64, where they see most.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

from reference import SGD, Adam, AdamW, Experiment, Optimizer, Parameters, RMSprop, Target

__all__ = ["FAMILIES", "Family"]

_SHORT = Experiment(trainable=("w", "b"), batch_size=16, steps=12, dtype="float64")


@dataclass(frozen=True, kw_only=True)
class Family:
    """Experiments that differ in numbers only, so they share one traced graph in Keras.

    Parameters
    ----------
    optimizer : Optimizer
    negative_slope : float
    trainable : tuple of str
    networks : tuple of str
        Networks of `compare.exact_cases` for the exact lane; empty where an update rule
        with roots and quotients leaves nothing exact.
    rates : tuple of float
        Learning rates, one after the other, for the run whose learning rate changes;
        empty for none.
    """

    optimizer: Optimizer
    negative_slope: float = 0.0
    trainable: tuple[str, ...] = ("w", "b")
    networks: tuple[str, ...] = ()
    rates: tuple[float, ...] = ()

    def experiments(self) -> dict[str, Experiment]:
        """The short experiments, by what they are for."""
        base = replace(_SHORT, optimizer=self.optimizer, negative_slope=self.negative_slope, trainable=self.trainable)
        start = Parameters(w=-1.5, b=0.5, v=-0.75, d=0.25) if "v" in self.trainable else Parameters(w=-1.5, b=0.5)
        return {
            "ordinary": replace(base, initial=start),
            "right-way": replace(base, initial=start._replace(w=1.25), seed=1),
            "kink": replace(base, initial=start._replace(w=0.0, b=0.0), steps=4, seed=2),
            "tiny": replace(
                base, initial=start._replace(w=3e-9, b=2e-9, d=0.0), target=Target(w=1e-9), steps=8, seed=3
            ),
            "large": replace(base, initial=start._replace(w=-3e7, b=2e7), steps=4, seed=4),
        }

    def usual(self) -> Experiment:
        """The run that the usual tests look at: a right-way start and 2000 steps."""
        start = Parameters(w=2.0, b=0.5, v=0.75, d=0.25) if "v" in self.trainable else Parameters(w=2.0, b=0.5)
        return Experiment(
            initial=start,
            trainable=self.trainable,
            negative_slope=self.negative_slope,
            optimizer=self.optimizer,
            batch_size=100,
            steps=2000,
            dtype="float64",
        )


FAMILIES = MappingProxyType(
    {
        "relu": Family(optimizer=SGD(learning_rate=0.05), networks=("relu-wbvd",)),
        "leaky": Family(optimizer=SGD(learning_rate=0.05), negative_slope=0.3, networks=("steep-wb",)),
        "steep": Family(optimizer=SGD(learning_rate=0.02), negative_slope=2.0, networks=("steep-wb",)),
        "negative": Family(
            optimizer=SGD(learning_rate=0.05), negative_slope=-0.5, networks=("negative-wbvd-momentum",)
        ),
        "output": Family(
            optimizer=SGD(learning_rate=0.05),
            negative_slope=0.3,
            trainable=("w", "b", "v", "d"),
            networks=("leaky-wbvd-nesterov",),
        ),
        "sgd": Family(optimizer=SGD(learning_rate=0.01), networks=("relu-wbvd",)),
        "momentum": Family(
            optimizer=SGD(learning_rate=0.01, momentum=0.9), networks=("relu-wb-momentum",), rates=(0.01, 0.001, 0.02)
        ),
        "nesterov": Family(
            optimizer=SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
            networks=("leaky-wbvd-nesterov",),
            rates=(0.01, 0.001, 0.02),
        ),
        "adam": Family(optimizer=Adam(learning_rate=0.01)),
        "amsgrad": Family(optimizer=Adam(learning_rate=0.01, amsgrad=True)),
        "adamw": Family(optimizer=AdamW(learning_rate=0.01)),
        "rmsprop": Family(optimizer=RMSprop(learning_rate=0.01)),
        "centered": Family(optimizer=RMSprop(learning_rate=0.01, momentum=0.5, centered=True)),
    }
)
