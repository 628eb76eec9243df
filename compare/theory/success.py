"""Did a run succeed? Decided by what its expected loss rules out, not by a chosen number.

For a teacher that is increasing and convex, such as ReLU, under x ~ N(0, 1):

* A neuron that faces the wrong way (w < 0 < v) is decreasing, so f and y are negatively correlated
  (Chebyshev's association inequality), and its expected loss is at least that of the best
  constant::

      E (f - y)^2 >= Var y                             = 1/2 - 1/(2 pi)   for ReLU

* A neuron that is upside down (v < 0) is concave. Let l be the best straight line.
  y - l is convex and orthogonal to all lines, so it is positive, negative, positive; take
  the line a through f at the two changes of sign: (f - a)(y - l) <= 0 everywhere. Hence
  E (f - l)(y - l) = E (f - a)(y - l) <= 0, and::

      E (f - y)^2 >= E (l - y)^2 = Var y - (E x y)^2   = 1/4 - 1/(2 pi)   for ReLU

* A dead neuron is constant, so the first bound holds for it too.

A run that ends below the bound is therefore none of these, and small steps, which only
lower the loss, do not make it one of them: it succeeded, though it need not have learned yet (that is
what `compare.theory.outcomes` says). The list of all stationary points
agrees (`compare.surface.critical_points`; the tests compare): for every trainable set with
slopes 0 and 0.3 the global minimum is below the bound and every other point is not; with v and d
trained the next one, a minimum at infinity, has the loss of the straight line. For a ReLU
with bias see also Vardi, Yehudai and Shamir (2021), "Learning a single neuron with bias
using gradient descent", on starts whose loss is below that of the dead neuron.
"""

import numpy as np

from compare.surface import expected_loss
from reference import Experiment, Parameters, Target, Trajectory

__all__ = ["end_loss", "least_loss_in_words", "loss_to_beat", "succeeded"]


def loss_to_beat(experiment: Experiment) -> float | None:
    """Expected loss below which no neuron of the experiment faces the wrong way, is upside down or dead.

    ``Var y`` if v stays positive: that of the best constant, of a dead neuron with the best d, and a
    bound for every neuron with w < 0 < v. ``Var y - (E x y)^2`` if v is trained or negative: that of
    the best straight line, a bound for every neuron with v < 0; one with w < 0 < v still has at least
    ``Var y``. None where the argument does not hold, for slopes of neuron or teacher outside [0, 1].

    Examples
    --------
    >>> from math import pi
    >>> bound = loss_to_beat(Experiment())
    >>> round(bound - (1 / 2 - 1 / (2 * pi)), 12)
    0.0
    >>> loss_to_beat(Experiment(negative_slope=-0.5)) is None
    True
    """
    target = experiment.target
    slopes = np.append(experiment.negative_slope, target.negative_slope)  # that of an ensemble may be an array
    if not ((slopes >= 0) & (slopes <= 1)).all():
        return None
    constant, line = _bounds(target)
    bends_either_way = "v" in experiment.trainable or bool(np.any(np.asarray(experiment.initial.v) < 0))
    return line if bends_either_way else constant


def least_loss_in_words(neuron: Parameters, experiment: Experiment) -> str | None:
    """The bound that holds for this neuron, by the signs of w and v, as a clause; None where there is none.

    Examples
    --------
    >>> least_loss_in_words(Parameters(w=-1.0), Experiment())
    'no neuron that faces the wrong way (w < 0 < v) has a loss below 0.341, that of the best constant'
    >>> least_loss_in_words(Parameters(w=-1.0, v=-0.5), Experiment())
    'no neuron that is upside down (v < 0) has a loss below 0.0908, that of the best straight line'
    >>> least_loss_in_words(Parameters(w=1.0), Experiment()) is None
    True
    """
    constant, line = _bounds(experiment.target)
    if loss_to_beat(experiment) is None or (neuron.v > 0 and neuron.w > 0):
        return None
    if neuron.v < 0:
        return f"no neuron that is upside down (v < 0) has a loss below {line:.3g}, that of the best straight line"
    return f"no neuron that faces the wrong way (w < 0 < v) has a loss below {constant:.3g}, that of the best constant"


def _bounds(target: Target) -> tuple[float, float]:
    """Least expected losses of a constant and of a straight line."""

    def loss_of_line(w: float, d: float = 0.0) -> float:
        return float(expected_loss(Parameters(w=w, d=d), negative_slope=1.0, target=target))

    # E y^2, E y and E x y from losses of constants and of lines, whose squares cancel.
    mean = (loss_of_line(0.0, -1.0) - loss_of_line(0.0, 1.0)) / 4
    product = (loss_of_line(-1.0) - loss_of_line(1.0)) / 4
    constant = loss_of_line(0.0) - mean**2
    return constant, constant - product**2


def end_loss(run: Trajectory) -> np.ndarray:
    """Expected loss at the end of a run, of the ensemble's shape; NaN if it diverged."""
    end = Parameters(*(np.asarray(p, np.float64) for p in run.end))
    finite = np.logical_and.reduce([np.isfinite(p) for p in end])
    finite_end = Parameters(*(np.where(finite, p, 0.0) for p in end))
    loss = expected_loss(finite_end, negative_slope=run.experiment.negative_slope, target=run.experiment.target)
    return np.where(finite, loss, np.nan)


def succeeded(run: Trajectory) -> np.ndarray | None:
    """Whether a run ends below the loss to beat; a diverged run does not.

    Parameters
    ----------
    run : Trajectory

    Returns
    -------
    ndarray of bool of the ensemble's shape, or None
        None where `loss_to_beat` has no answer.

    Examples
    --------
    >>> from reference import train
    >>> [bool(succeeded(train(Experiment(steps=500, negative_slope=slope)))) for slope in (0.0, 0.25)]
    [False, True]
    """
    bound = loss_to_beat(run.experiment)
    return None if bound is None else end_loss(run) < bound
