"""A sweep cut into pieces of work, each of which anybody can do on their own.

A chunk is some members of one run. Batches follow from the experiment's seed, random
starts from the sweep's, and which members a chunk has from the sweep alone: whoever
computes it, when and beside what, its numbers are the same. It needs less than 150 MB.
"""

import hashlib
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from compare.sweep.labels import label
from compare.sweep.settings import changed
from compare.sweep.values import Sweep
from compare.system.versions import version_of
from reference import Experiment, Parameters, ensembles, train

__all__ = ["Chunk", "ChunkResult", "chunks_of", "compute"]

MEMBERS = 2**16  # fewer cost more each, since every chunk sorts the batches anew
RULES = 1  # of labelling and of what a chunk holds; to be raised when these change
NEURON_SAMPLES = 2_000_000  # members times samples, of which the neuron holds a few arrays


class Chunk(NamedTuple):
    """Some members of one run."""

    number: int  # position in `chunks_of`
    loop: tuple[int, ...]  # position along each of the sweep's loops
    start: int  # of its members in the flattened ensemble
    stop: int
    method: str  # of `reference.train`

    @property
    def size(self) -> int:
        """Number of its members."""
        return self.stop - self.start

    def key(self, sweep: Sweep) -> str:
        """Hash of all that determines the numbers of the chunk, versions included."""
        versions = [version_of(name) for name in ("neuron-audit", "numpy", "scipy")]
        return hashlib.sha256(repr((RULES, sweep.key, tuple(self), versions)).encode()).hexdigest()


class ChunkResult(NamedTuple):
    """Results of training the members of a chunk.

    The arrays, of shape (members,), are "end.w" and so on of what is trained, "loss",
    "point", "crossed_at" and "diverged_at"; points are as in `compare.sweep.labels.Labelled`.
    """

    arrays: dict[str, np.ndarray]
    points: list[str]
    without_points: list[str]


def chunks_of(sweep: Sweep) -> list[Chunk]:
    """Cut a sweep into chunks, run by run.

    Examples
    --------
    >>> from compare.sweep.values import Axis
    >>> weights = Axis("initial.w", tuple(np.linspace(-1, 1, 100_000).tolist()))
    >>> sweep = Sweep(name="a", says="", experiment=Experiment(), grid=(Axis("steps", (10, 20)), weights))
    >>> [(chunk.loop, chunk.size) for chunk in chunks_of(sweep)]
    [((0,), 65536), ((0,), 34464), ((1,), 65536), ((1,), 34464)]
    """
    members = sweep.size // math.prod(len(axis.values) for axis in sweep.loops)
    chunks: list[Chunk] = []
    for loop in itertools.product(*(range(len(axis.values)) for axis in sweep.loops)):
        experiment = _experiment(sweep, Chunk(0, loop, 0, min(members, MEMBERS), "auto"))
        fast = ensembles.obstacle(experiment) is None and ensembles.pays(experiment)
        method, most = ("moments", MEMBERS) if fast else ("neuron", max(1, NEURON_SAMPLES // experiment.batch_size))
        for start in range(0, members, most):
            chunks.append(Chunk(len(chunks), loop, start, min(start + most, members), method))
    return chunks


def _experiment(sweep: Sweep, chunk: Chunk) -> Experiment:
    """The run that a chunk is, its ensemble along one axis."""
    looped = {axis.setting: axis.values[i] for axis, i in zip(sweep.loops, chunk.loop, strict=True)}
    axes, drawn = sweep.ensemble, sweep.drawn()
    shape = (*(len(axis.values) for axis in axes), *((sweep.number,) if drawn else ()))
    indices = np.unravel_index(np.arange(chunk.start, chunk.stop), shape) if shape else ()
    own: dict[str, Any] = {
        axis.setting: np.array(axis.values, np.float64)[index] for axis, index in zip(axes, indices, strict=False)
    }
    own |= {setting: values[indices[-1]] for setting, values in drawn.items()}
    own.setdefault("initial.w", np.full(chunk.size, sweep.experiment.initial.w))
    return changed(sweep.experiment, looped | own)


def compute(sweep: Sweep, chunk: Chunk) -> ChunkResult:
    """Train the members of a chunk and label them."""
    experiment = _experiment(sweep, chunk)
    run = train(experiment, record="end", method=chunk.method, workers=1)  # it is chunks that are done side by side
    labelled = label(experiment, run.end, sweep.resolution)
    arrays = {f"end.{name}": getattr(run.end, name) for name in Parameters._fields if name in experiment.trainable}
    arrays |= {
        "loss": labelled.loss,
        "point": labelled.point.astype(np.int32),
        "crossed_at": np.asarray(run.crossed_at, np.int32),
        "diverged_at": np.asarray(run.diverged_at, np.int32),
    }
    return ChunkResult(arrays, labelled.points, labelled.without_points)
