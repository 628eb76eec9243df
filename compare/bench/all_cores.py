"""A rival in a process of its own that may use all cores, timed by the clock on the wall.

The command itself keeps to one core (`compare.bench.one_thread`), and libraries size their
pools of threads when they are loaded. So a process is started that has the cores the command
had; it builds the rival, and trains whenever it is asked to.
"""

import os
import time

from compare.bench.clock import Reading, timed
from compare.bench.elsewhere import Elsewhere
from compare.bench.one_thread import VARIABLES, cores_at_first
from compare.bench.plan import Prepared, Size

__all__ = ["prepare_elsewhere", "prepare_here"]


def prepare_elsewhere(rival: str, size: Size, *, longer: int = 1, alone: bool = False) -> Prepared:
    """Have a rival checked and built, with so many times its steps, in a process that may use all cores, or one."""
    cores = {max(cores_at_first())} if alone else cores_at_first()
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    if len(cores) == 1:
        environment |= VARIABLES
    return Elsewhere(f"{__name__}:prepare_here", environment, cores).prepare(rival, size, longer)


def prepare_here(rival: str, size: tuple[int, int, float], longer: int) -> Prepared:
    """In such a process: check and build a rival."""
    from compare.bench.rivals import RIVALS

    (one,) = (one for one in RIVALS if one.name == rival)
    train, units, details = one._replace(steps=longer * one.steps).built(Size(*size))
    return Prepared(timed(train, _by_the_wall), units, details)


def _by_the_wall() -> Reading:
    now = time.perf_counter()
    return Reading(now, now)
