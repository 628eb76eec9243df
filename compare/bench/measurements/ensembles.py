"""Time per model and step of several implementations, and the ratio to the fast path: on one core, and on all."""

from functools import partial

from compare.bench.all_cores import prepare_elsewhere
from compare.bench.clock import timed
from compare.bench.plan import Group, Measurement, Prepared, Size
from compare.bench.rivals import RIVALS, Rival

__all__ = ["GROUPS", "prepare"]

LONGER = 5  # times the steps on all cores, where processes have to be started: 2,000, as an experiment has by default


def prepare(rival: Rival, size: Size) -> Prepared:
    """Check a rival on the problem it is timed with, and build it; its unit is a step of one model."""
    train, units, details = rival.built(size)
    return Prepared(timed(train), units, details)


def _on_all(rival: Rival) -> Measurement:
    return Measurement(rival.name, partial(prepare_elsewhere, rival.name, longer=LONGER))


ALONE = "this project on one core"
GROUPS: tuple[Group, ...] = (
    Group(
        name="ensembles",
        title="ensembles of starts (w, b), plain SGD in float64, {side} x {side} starts, batches of {samples}",
        unit="ns a model and step",
        baseline=RIVALS[0].name,
        measurements=tuple(Measurement(rival.name, partial(prepare, rival), rival.goal) for rival in RIVALS),
    ),
    Group(
        name="all-cores",
        title="the same on all cores, by the clock on the wall, {side} x {side} starts, batches of {samples}",
        unit="ns a model and step",
        baseline=RIVALS[0].name,
        measurements=(
            *(_on_all(rival) for rival in RIVALS if rival.on_all_cores),
            Measurement(ALONE, partial(prepare_elsewhere, RIVALS[0].name, longer=LONGER, alone=True)),
        ),
    ),
)
