"""Sweeps: one experiment with many values of its settings, and what became of each.

A sweep is a TOML file, or flags of ``python -m compare.sweep``; `load_sweep` reads it and
`run_sweep` computes it::

    [sweep]
    name = "starts-and-rates"               # words joined by hyphens
    says = "What this is about."            # optional
    resolution = 0.015625                   # optional: how near to a critical point is there

    [sweep.experiment]                      # as in claim files: the rest has Experiment()'s defaults
    trainable = ["w", "b"]
    optimizer = { name = "SGD", momentum = 0.9 }

    [sweep.grid]                            # every combination of these values
    steps = [2000, 20000]
    optimizer.learning_rate = { from = 1e-3, to = 1.0, number = 64, spacing = "log" }
    initial.w = { from = -3.0, to = 3.0, number = 512 }

    [sweep.random]                          # at every point of the grid, the same random starts
    number = 1000
    seed = 0
    initial.b = { normal = [0.0, 1.0] }     # mean, standard deviation; or uniform, log_uniform = [from, to]

Settings are those of an experiment: initial.w (b, v, d), negative_slope, batch_size, steps,
seed, dtype, target.w (b, negative_slope), optimizer.name, and optimizer. with any of the
optimizer's own. Starts, slope, learning rate and momentum make one ensemble, all of whose
members see the same batches; each value of another setting is a run of its own. An
optimizer that is named along an axis has its own defaults.

What becomes of a neuron is one of `LABELS`, by the critical point of the expected loss that
it is at: within `resolution` in v w, v b and d, or, for a neuron that dies or becomes a line,
in the share of inputs on the other side of its kink (`compare.surface.arrived`). A ReLU that
few inputs activate counts as dead only if these do not bring it back.

Chunks of at most 65,536 neurons are computed independently, from the sweep alone, so that
any number of processes or machines gives the same bytes, also when a run was interrupted
and another goes on with the chunks that it left.
"""

from compare.sweep.labels import LABELS
from compare.sweep.reading.load import SweepError, load_sweep
from compare.sweep.result import SweepResult
from compare.sweep.running import run_sweep
from compare.sweep.values import Axis, Draw, Sweep

__all__ = ["LABELS", "Axis", "Draw", "Sweep", "SweepError", "SweepResult", "load_sweep", "run_sweep"]
