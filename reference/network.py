"""Which layers the network of an experiment has, in every system that builds it of layers."""

from reference.experiment import Experiment

__all__ = ["needs_bias", "needs_output_layer"]


def needs_bias(experiment: Experiment) -> bool:
    """Whether b is in play: it is trained or not 0.

    Examples
    --------
    >>> needs_bias(Experiment()), needs_bias(Experiment(trainable=("w", "b")))
    (False, True)
    """
    return "b" in experiment.trainable or experiment.initial.b != 0


def needs_output_layer(experiment: Experiment) -> bool:
    """Whether v and d are in play: one of them is trained, or they are not 1 and 0.

    Examples
    --------
    >>> needs_output_layer(Experiment()), needs_output_layer(Experiment(trainable=("w", "d")))
    (False, True)
    """
    trained = "v" in experiment.trainable or "d" in experiment.trainable
    return trained or experiment.initial.v != 1 or experiment.initial.d != 0
