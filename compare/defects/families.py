"""What defects are tried on: for each family the run that somebody would try, and short experiments.

Wrong formulas are looked for in short experiments in float64, chosen to show differences.
Random samples from an ordinary start show most defects. The rest need states that random
runs do not visit: w = b = 0, where every sample is on the kink; gradients so small that
an epsilon matters; gradients so large that a limit matters; the first steps, for bias
corrections; a learning rate that changes. The long run has settings that a tutorial would
choose.

Other defects need a run of their own: a start that is off shows where hardly any step is
taken, a border between blocks in a run of several, a repaired infinity in a run that
diverges. These have no short experiments: what a certificate sees of the run is what there
is to see.

PyTorch and JAX have families of their own, with the formulas as they read them, so that with
nothing planted they agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from reference import SGD, Adam, AdamW, Experiment, Optimizer, Parameters, RMSprop, Target
from reference.optimizers import optax, pytorch

__all__ = ["FAMILIES", "OF_SUBJECTS", "OWN_RUNS", "PROBED", "Family"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """The run that somebody would try, and the short experiments that show more than it does.

    Parameters
    ----------
    run : Experiment
        In float32: what is certified, with nothing but defaults, and what the usual tests
        look at.
    mode : {"graph", "xla", "eager"}
        How TensorFlow runs Keras; the other subjects have one way.
    subject : {"keras", "torch", "jax"}
        What it is run on, as `compare.certify` calls it.
    samples_per_block : int, optional
        Where a long run is cut into blocks, if not at two million samples: a short run
        then has borders as well.
    experiments : mapping of str to Experiment
        Short ones in float64 for the lanes, by what they are for. They differ from each
        other in numbers only, so they share one traced graph in Keras. Empty where the run
        is what there is to look at.
    networks : tuple of str
        Networks of `compare.certificates.exact.cases` for the exact lane; empty where an update rule
        with roots and quotients leaves nothing exact.
    rates : tuple of float
        Learning rates, one after the other, for the run of Keras whose learning rate changes;
        empty for none.
    """

    run: Experiment
    mode: str = "graph"
    subject: str = "keras"
    samples_per_block: int | None = None
    experiments: Mapping[str, Experiment] = field(default_factory=lambda: MappingProxyType({}))
    networks: tuple[str, ...] = ()
    rates: tuple[float, ...] = ()

    @property
    def sharp_run(self) -> Experiment:
        """The same run in float64, where usual tests see most."""
        return replace(self.run, dtype="float64")


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


_QUESTION = Experiment(steps=200)  # w from -10, batches of 1000
_LONG = replace(_QUESTION, batch_size=100, steps=2000)
_MOMENTUM = replace(_QUESTION, optimizer=SGD(learning_rate=0.01, momentum=0.9))

_ALL_IN_PLAY = Parameters(w=2.0, b=0.5, v=0.75, d=0.25)

OWN_RUNS: Mapping[str, Family] = MappingProxyType(
    {
        "slow-sgd": Family(run=replace(_QUESTION, optimizer=SGD(learning_rate=1e-8))),
        "slow-adam": Family(run=replace(_QUESTION, optimizer=Adam(learning_rate=1e-7))),
        "slow-rmsprop": Family(run=replace(_QUESTION, optimizer=RMSprop(learning_rate=1e-8))),
        "untrained": Family(run=replace(_QUESTION, initial=_ALL_IN_PLAY, optimizer=SGD(learning_rate=0.05))),
        "diverging": Family(
            run=replace(
                _QUESTION,
                initial=Parameters(w=2.0, b=0.5),
                trainable=("w", "b"),
                negative_slope=0.3,
                optimizer=SGD(learning_rate=10.0),
            )
        ),
        "crossing": Family(run=_MOMENTUM),
        "seeded": Family(run=replace(_QUESTION, seed=7)),
        # The border comes where the bound of the free run has ceased to say anything.
        "centered-in-blocks": Family(
            run=replace(_LONG, steps=3000, optimizer=RMSprop(centered=True)), samples_per_block=250_000
        ),
        "momentum-in-blocks": Family(run=_MOMENTUM, samples_per_block=20_000),
        "adam-in-blocks": Family(run=replace(_QUESTION, optimizer=Adam(learning_rate=0.01)), samples_per_block=100_000),
        "batch-of-1000": Family(run=_QUESTION),
        "batch-of-3000": Family(run=replace(_QUESTION, batch_size=3000, steps=100)),
        "batch-of-50000": Family(run=replace(_QUESTION, batch_size=50_000, steps=20)),
        "default-adam": Family(run=replace(_QUESTION, optimizer=Adam())),
        "adam-from-far": Family(run=replace(_QUESTION, optimizer=Adam(learning_rate=0.01))),
        "rmsprop-from-far": Family(run=replace(_QUESTION, optimizer=RMSprop(learning_rate=0.01))),
        "long": Family(run=_LONG),
        "long-adam": Family(run=replace(_LONG, optimizer=Adam(learning_rate=0.01))),
        "compiled": Family(run=_MOMENTUM, mode="xla"),
    }
)

# A start that no number of few bits is.
_START = Parameters(w=2.1, b=0.3, v=0.7, d=0.2)


def _elsewhere(subject: str, optimizer: Optimizer, **options: Any) -> Family:
    """A family of PyTorch or JAX, with a run that is shorter than one of Keras."""
    mode = {"torch": "eager", "jax": "xla"}[subject]
    family = _probed(optimizer, **options)
    start = _START if "v" in family.run.trainable else _START._replace(v=1.0, d=0.0)
    run = replace(family.run, initial=start, batch_size=64, steps=300)
    return replace(family, subject=subject, mode=mode, run=run)


def _of_subject(subject: str, readings: Any, **settings: Any) -> dict[str, Family]:
    """The families that every such subject has, with the optimizers as it reads them."""
    sgd = readings.SGD(learning_rate=0.05)
    momentum = readings.SGD(learning_rate=0.01, momentum=0.9)
    probed = {
        "relu": _elsewhere(subject, sgd, networks=("relu-wbvd",)),
        "output": _elsewhere(subject, sgd, negative_slope=0.3, trainable=("w", "b", "v", "d")),
        "negative": _elsewhere(subject, sgd, negative_slope=-0.5),
        "momentum": _elsewhere(subject, readings.SGD(learning_rate=0.01, momentum=0.9, **settings)),
        "nesterov": _elsewhere(subject, readings.SGD(learning_rate=0.01, momentum=0.9, nesterov=True)),
        "adam": _elsewhere(subject, readings.Adam(learning_rate=0.01, epsilon=1e-5)),
        "amsgrad": _elsewhere(subject, readings.Adam(learning_rate=0.01, amsgrad=True)),
        "adamw": _elsewhere(subject, readings.AdamW(learning_rate=0.01, weight_decay=0.1)),
        "rmsprop": _elsewhere(subject, readings.RMSprop(learning_rate=0.01, momentum=0.5)),
    }
    plain = replace(probed["relu"], experiments=MappingProxyType({}), networks=())
    run = plain.run
    own = {
        "slow": replace(plain, run=replace(run, optimizer=readings.SGD(learning_rate=1e-8))),
        "untrained": replace(plain, run=replace(run, initial=_START)),
        "crossing": replace(plain, run=replace(run, initial=Parameters(w=-10.0), trainable=("w",), optimizer=momentum)),
        "diverging": replace(plain, run=replace(run, negative_slope=0.3, optimizer=readings.SGD(learning_rate=10.0))),
        "momentum-in-blocks": replace(plain, run=replace(run, optimizer=momentum), samples_per_block=6400),
    }
    return {f"{subject}-{name}": family for name, family in {**probed, **own}.items()}


OF_SUBJECTS: Mapping[str, Family] = MappingProxyType(
    {**_of_subject("torch", pytorch, dampening=0.25), **_of_subject("jax", optax)}
)

FAMILIES: Mapping[str, Family] = MappingProxyType({**PROBED, **OWN_RUNS, **OF_SUBJECTS})
