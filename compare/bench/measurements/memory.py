"""Peak memory of the large run, each in a process of its own."""

import subprocess
import sys
from functools import partial

from compare.bench.clock import Reading
from compare.bench.plan import Goal, Group, Measurement, Prepared, Size

__all__ = ["GROUP", "peak_of"]

STEPS = 2000
GOAL = Goal("cost", at_most=200.0)

# Imports the reference and nothing else. VmHWM is the peak of this very program; the peak
# that getrusage knows includes that of the program that started it.
CHILD = """
import sys
import numpy as np
import reference
from reference import Experiment, Parameters, train
what, side, samples, steps = sys.argv[1], *map(int, sys.argv[2:])
if what != "nothing":
    w, b = (a.ravel() for a in np.meshgrid(*[np.linspace(-3, 3, side)] * 2, indexing="ij"))
    experiment = Experiment(
        initial=Parameters(w=w, b=b), trainable=("w", "b"), batch_size=samples, steps=steps,
        dtype="float64", optimizer=getattr(reference, what)(learning_rate=0.01),
    )
    train(experiment, record="end", method="moments")
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(peak)
"""


def peak_of(what: str, side: int, samples: int, steps: int) -> float:
    """Peak memory in bytes of a process that trains side x side starts (w, b).

    `what` is the name of an optimizer, or "nothing" for a process that only imports the reference.
    """
    arguments = [what, *map(str, (side, samples, steps))]
    done = subprocess.run([sys.executable, "-c", CHILD, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _prepare(size: Size, optimizer: str, steps: int) -> Prepared:
    steps = size.scaled(steps)
    details = {"models": size.side**2, "steps": steps, "samples": size.samples}
    return Prepared(lambda: _reading(optimizer, size.side, size.samples, steps), details=details)


def _reading(what: str, side: int, samples: int, steps: int) -> Reading:
    peak = peak_of(what, side, samples, steps)
    return Reading(peak, peak)


GROUP = Group(
    name="memory",
    title="peak memory of a process that trains (w, b) from {side} x {side} starts, batches of {samples}",
    unit="MB",
    baseline="",
    measurements=(
        Measurement("import reference", lambda size: Prepared(lambda: _reading("nothing", 1, 1, 1))),
        Measurement("all steps by SGD", partial(_prepare, optimizer="SGD", steps=STEPS), GOAL),
        Measurement("a tenth of them by Adam", partial(_prepare, optimizer="Adam", steps=STEPS // 10), GOAL),
    ),
)
