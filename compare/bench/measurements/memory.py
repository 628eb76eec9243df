"""Peak memory of the large run, each in a process of its own."""

import subprocess
import sys

from compare.bench.clock import Job, Reading
from compare.bench.plan import Group, Measurement, Prepared, Size
from compare.bench.results import Meant

__all__ = ["GROUP", "peak_of"]

STEPS = 2000

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
    """Bytes that a process takes at most which trains side x side starts (w, b).

    Parameters
    ----------
    what : str
        Name of an optimizer, or "nothing" for a process that only imports the reference.
    side, samples, steps : int

    Examples
    --------
    >>> peak_of("nothing", 1, 1, 1) > 1e6
    True
    """
    arguments = [what, *map(str, (side, samples, steps))]
    done = subprocess.run([sys.executable, "-c", CHILD, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _prepare(what: str, steps: int, size: Size) -> Prepared:
    steps = size.some(steps)

    def read() -> Reading:
        peak = peak_of(what, size.side, size.samples, steps)
        return Reading(peak, peak)

    job: Job = read
    details = {} if what == "nothing" else {"models": size.side**2, "steps": steps, "samples": size.samples}
    return Prepared(job, 1.0, details)


def _row(name: str, what: str, steps: int) -> Measurement:
    meant = None if what == "nothing" else Meant("cost", at_most=200.0)
    return Measurement(name, lambda size: _prepare(what, steps, size), meant)


GROUP = Group(
    name="memory",
    says="peak memory of a process that trains (w, b) from {side} x {side} starts, batches of {samples}",
    unit="MB",
    per_amount=1e-6,
    baseline="",
    measurements=(
        _row("import reference", "nothing", 1),
        _row("all steps by SGD", "SGD", STEPS),
        _row("a tenth of them by Adam", "Adam", STEPS // 10),
    ),
    most_rounds=1,
)
