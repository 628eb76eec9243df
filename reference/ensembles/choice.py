"""When the fast path can be taken, and when it pays."""

import numpy as np

from reference.ensembles.kernels.unbiased_kernel import UnbiasedKernel
from reference.ensembles.overflow import largest_label
from reference.experiment import Experiment

__all__ = ["obstacle", "obstacle_in", "pays", "seconds_of_members"]

FEW = 32  # members; fewer stay bit for bit what they are alone
WIDEST = 64.0  # no normal sample is as large


def obstacle(experiment: Experiment) -> str | None:
    """Why the fast path cannot train this experiment; None if it can.

    Two things: a derivative at the kink that is not the slope, which samples exactly there
    would have to be counted for, and a teacher whose labels may overflow.

    Examples
    --------
    >>> from reference import Experiment
    >>> obstacle(Experiment()), obstacle(Experiment(grad_at_zero=1.0))
    (None, 'grad_at_zero must be the slope, got 1.0')
    """
    dtype, at_zero = np.dtype(experiment.dtype), experiment.grad_at_zero
    if at_zero is not None and np.any(experiment.slope != dtype.type(at_zero)):
        return f"grad_at_zero must be the slope, got {at_zero!r}"
    return _too_large(experiment, WIDEST)


def _too_large(experiment: Experiment, widest: float) -> str | None:
    if not largest_label(experiment.target, widest) < float(np.finfo(experiment.dtype).max):
        return f"labels must be finite in {experiment.dtype}, got {experiment.target!r}"
    return None


def obstacle_in(experiment: Experiment, batches: tuple[np.ndarray, np.ndarray]) -> str | None:
    """What is in the way in batches of one's own: labels that are not the teacher's, or huge samples.

    Examples
    --------
    >>> from reference import Experiment
    >>> obstacle_in(Experiment(dtype="float64"), (np.array([[1.0, -1.0]]), np.array([[1.0, 0.5]])))
    "labels must be the target's, got 0.5 at step 0, sample 1"
    """
    x, y = batches
    widest = float(np.abs(x).max())
    if not widest * widest * x.shape[1] < float(np.finfo(np.float64).max):
        return f"samples must have squares that can be summed in float64, got {widest!r}"
    too_large = _too_large(experiment, widest)
    if too_large is not None:
        return too_large
    other = experiment.target.labels(x) != y
    if other.any():
        step, sample = np.unravel_index(np.argmax(other), x.shape)
        return f"labels must be the target's, got {y[step, sample]} at step {step}, sample {sample}"
    return None


def pays(experiment: Experiment) -> bool:
    """Whether the fast path is expected to take less than half the time.

    A step of m members on batches of n samples costs the neuron about 2.5 ns m n, the fast
    path 20 ns m and its tables 150 us + 0.5 us n, without biases 5 ns m and 20 us + 10 ns n.

    Examples
    --------
    >>> from reference import Experiment, Parameters
    >>> [pays(Experiment(initial=Parameters(np.linspace(-1, 1, m)), trainable=("w", "b"))) for m in (30, 1000)]
    [False, True]
    """
    m, n = int(np.prod(experiment.shape)), experiment.batch_size
    tables = 2e-5 + 1e-8 * n if UnbiasedKernel.fits(experiment) else 1.5e-4 + 5e-7 * n
    return m >= FEW and _of_a_member(experiment) * m + tables < 2.5e-9 * m * n / 2


def seconds_of_members(experiment: Experiment) -> float:
    """About how long the fast path takes besides its tables.

    Examples
    --------
    >>> from reference import Experiment, Parameters
    >>> seconds_of_members(Experiment(initial=Parameters(np.zeros(10**6)), trainable=("w", "b"), steps=100))
    2.0
    """
    return _of_a_member(experiment) * int(np.prod(experiment.shape)) * experiment.steps


def _of_a_member(experiment: Experiment) -> float:
    return 5e-9 if UnbiasedKernel.fits(experiment) else 20e-9
