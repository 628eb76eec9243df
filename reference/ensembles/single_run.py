"""One neuron without any bias: numbers instead of arrays.

What `reference.ensembles.loop` does for many members, for one and with the sums of
`reference.ensembles.kernels.unbiased_kernel`: a step is then a few operations on Python's floats and the
optimizer's own update. Next to 0 and next to overflow the readable neuron takes the step.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from reference.ensembles.kernels.unbiased_kernel import TwoSums, UnbiasedKernel
from reference.ensembles.neuron_fallback import neuron_gradient
from reference.ensembles.overflow import limit
from reference.ensembles.recorded import Recorded, empty
from reference.experiment import Experiment

__all__ = ["run_single"]

Slots = dict[str, Any]


class Steps(NamedTuple):
    """A block of steps: states have one entry more than gradients and losses."""

    w: list[Any]
    slots: list[Slots]
    gradient: list[Any]
    loss: np.ndarray


def run_single(experiment: Experiment, x_blocks: Iterator[np.ndarray], recorded: np.ndarray) -> Recorded:
    """Train one neuron that `UnbiasedKernel.fits`; arguments and result as for `reference.ensembles.loop.run`.

    Examples
    --------
    One step at w = 1/2 with samples 1 and -2: dL/dw = (1/2) 2 (w - 1).

    >>> from reference import SGD, Parameters
    >>> one = Experiment(initial=Parameters(0.5), optimizer=SGD(learning_rate=1.0), batch_size=2, steps=1)
    >>> run_single(one, iter([np.array([[1.0, -2.0]], np.float32)]), np.array([1])).parameters["w"]
    array([[1.]], dtype=float32)
    """
    kernel, out = UnbiasedKernel(experiment), empty(experiment, 1, recorded, experiment.optimizer.slots)
    scalar = np.dtype(experiment.dtype).type
    start = scalar(experiment.initial.w)
    state: tuple[Any, Slots] = start, dict.fromkeys(experiment.optimizer.slots, scalar(0))
    if 0 in out.rows:
        _keep_states(out, np.array([0]), [state[0]], [state[1]])
    step = 0
    with np.errstate(all="ignore"):
        for x in x_blocks:
            for first in range(0, len(x), kernel.batches_at_once):
                steps = _advance(kernel, kernel.tables(x[first : first + kernel.batches_at_once]), state, step)
                _keep(out, steps, recorded, step)
                _watch(out, steps, start, step)
                state, step = (steps.w[-1], steps.slots[-1]), step + len(steps.gradient)
    return out


def _advance(kernel: UnbiasedKernel, tables: list[TwoSums], state: tuple[Any, Slots], first: int) -> Steps:
    """Take a block's steps."""
    w, slots = state
    experiment, scalar, update = kernel.experiment, type(w), kernel.experiment.optimizer.update
    near, far = _reach(kernel)
    v, slope = float(scalar(experiment.initial.v)), float(experiment.slope)
    tau_n, tau_p = kernel.taus
    steps, by_the_neuron = Steps([w], [slots], [], np.empty(0)), {}
    for step, (below, above, x) in enumerate(tables, first):
        if near < abs(w) < far:
            gain_p, gain_n = (1.0, slope) if w > 0 else (slope, 1.0)
            vw = v * float(w)
            positive = (vw * gain_p - tau_p) * (gain_p * above)
            gradient = scalar((positive + (vw * gain_n - tau_n) * (gain_n * below)) * v)
        else:
            values = {**experiment.initial._asdict(), "w": np.array([w])}
            values |= {name: scalar(values[name]) for name in "bvd"}
            derivatives, loss = neuron_gradient(experiment, values, slope, x)
            gradient, by_the_neuron[step - first] = derivatives["w"][0], loss[0]
        w, slots = update(w, gradient, step, slots)
        steps.w.append(w)
        steps.slots.append(slots)
        steps.gradient.append(gradient)
    path = np.array(steps.w[:-1], np.float64)
    sums = np.array([table[:2] for table in tables]).T
    loss = kernel.loss_of(v * path, path > 0, slope, sums[1], sums[0]).astype(scalar)
    loss[list(by_the_neuron)] = list(by_the_neuron.values())
    return steps._replace(loss=loss)


def _reach(kernel: UnbiasedKernel) -> tuple[float, float]:
    """Between which sizes of w sums can be used, see `Members.look` and `reference.ensembles.overflow.intermediate`."""
    experiment = kernel.experiment
    near = kernel.least / min(map(abs, kernel.sides))
    gain = max(1.0, abs(experiment.negative_slope)) * kernel.widest
    factor = abs(experiment.initial.v) * gain
    most = max(gain, factor * max(1.0, factor))
    far, largest = limit(experiment.dtype), float(np.finfo(experiment.dtype).max)
    return near, min(far / most, largest) if most else largest


def _keep(out: Recorded, steps: Steps, recorded: np.ndarray, first: int) -> None:
    """Record what is wanted of a block."""
    rows = np.flatnonzero((recorded > first) & (recorded <= first + len(steps.gradient)))
    if rows.size:
        after = recorded[rows] - first
        batches = rows - (0 in out.rows)
        out.loss[batches, 0] = steps.loss[after - 1]
        out.gradient["w"][batches, 0] = np.array(steps.gradient)[after - 1]
        _keep_states(out, rows, [steps.w[i] for i in after], [steps.slots[i] for i in after])


def _keep_states(out: Recorded, rows: np.ndarray, w: list[Any], slots: list[Slots]) -> None:
    out.parameters["w"][rows, 0] = w
    for name, array in out.slots["w"].items():
        array[rows, 0] = [mine[name] for mine in slots]


def _watch(out: Recorded, steps: Steps, start: Any, first: int) -> None:
    """See when w first crossed 0, and when anything was first not finite."""
    states = np.array([[w, *slots.values()] for w, slots in zip(steps.w[1:], steps.slots[1:], strict=True)])
    events = (out.crossed_at, states[:, 0] * np.sign(start) < 0), (out.diverged_at, ~np.isfinite(states).all(axis=1))
    for at, happened in events:
        if at[0] < 0 and happened.any():
            at[0] = first + 1 + int(np.argmax(happened))
