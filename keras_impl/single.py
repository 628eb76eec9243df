"""Ask Keras what it computes in float32 although everything it is given is float64."""

import numpy as np

from reference import Experiment, Parameters
from reference.subject import Subject

__all__ = ["probe_single"]

# Numbers that float32 cannot hold, all on the active side; 3 samples, since 1/3 is another such number.
START = Parameters(w=0.7, b=0.1)
X = np.array([[0.1, 0.3, 0.7]])
Y = np.array([[2.1, 3.3, 5.7]])

HALF_WAY = 2.0 ** -((24 + 53) / 2)  # between the last bits of float32 and of float64


def probe_single(dtype: str, subject: Subject) -> frozenset[str]:
    """Take a step, and tell which of its numbers are right to a float32 only.

    The prediction is compared with that of the parameters, the loss and the gradient with
    those of the prediction, so that each answers for itself.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    subject : Subject

    Returns
    -------
    frozenset of "y_pred", "loss", "gradient"
        Empty for float32.

    Examples
    --------
    >>> from keras_impl import Recorder
    >>> sorted(probe_single("float64", Recorder()))
    []
    """
    if dtype != "float64":
        return frozenset()
    experiment = Experiment(initial=START, trainable=("w", "b"), batch_size=X.size, steps=1, dtype=dtype)
    (seen,) = subject.record(experiment, (X, Y))
    residual = seen.y_pred - Y
    errors = {
        "y_pred": _error(seen.y_pred, START.w * X + START.b),
        "loss": _error(seen.loss, np.mean(residual**2)),
        "gradient": max(
            _error(seen.gradient.w, 2 * np.mean(residual * X)), _error(seen.gradient.b, 2 * np.mean(residual))
        ),
    }
    return frozenset(name for name, error in errors.items() if error > HALF_WAY)


def _error(got: np.ndarray, right: np.ndarray | np.floating) -> float:
    """The largest relative error."""
    return float(np.max(np.abs(got / right - 1)))
