"""Families whose defects need a run of their own: the one that somebody would try.

A start that is off shows where hardly any step is taken, a border between blocks in a run
of several, a repaired infinity in a run that diverges. There are no short experiments
here: what a certificate sees of the run is what there is to see.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from compare.defects.families.family import Family
from reference import SGD, Adam, Experiment, Parameters, RMSprop

__all__ = ["OWN_RUNS"]

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
