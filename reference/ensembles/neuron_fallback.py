"""The readable neuron for a few members, where sums are not to be trusted with the last word.

Next to overflow it matters which intermediate result overflows first, and next to 0 which
product underflows. Such members are rare, and are handed to `reference.neuron`.
"""

from typing import Any

import numpy as np

from reference.experiment import Experiment
from reference.neuron import Parameters, backward, forward, mean_squared_error

__all__ = ["neuron_gradient"]

SAMPLES_AT_ONCE = 2**16  # whose arrays stay in cache


def neuron_gradient(
    experiment: Experiment, values: dict[str, Any], slope: Any, x: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Gradient and loss of k neurons on one batch, sample by sample.

    Parameters
    ----------
    experiment : Experiment
    values : dict of str to ndarray of shape (k,) or floating scalar
        w, b, v and d in the experiment's dtype.
    slope : float or ndarray of shape (k,)
    x : ndarray of shape (n,)

    Returns
    -------
    dict of ndarray of shape (k,), for each trained parameter, and ndarray of shape (k,)
    """
    dtype, k, y = x.dtype, len(values["w"]), experiment.target.labels(x)
    gradient = {name: np.empty(k, dtype) for name in experiment.trainable}
    loss = np.empty(k, dtype)
    at_once = max(1, SAMPLES_AT_ONCE // len(x))
    for start in range(0, k, at_once):
        here = slice(start, start + at_once)
        parameters = Parameters(
            *(values[name] if np.ndim(values[name]) == 0 else values[name][here] for name in "wbvd")
        )
        s = dtype.type(slope) if np.ndim(slope) == 0 else slope[here, None].astype(dtype)
        at = forward(parameters, x, s)
        derivatives = backward(parameters, x, y, at, s, experiment.trainable)
        for name, whole in gradient.items():
            whole[here] = getattr(derivatives, name)
        loss[here] = mean_squared_error(at.y_pred, y)
    return gradient, loss
