"""What a subject is held against: the experiment, with what the subject's system does by nature.

A system decides how a constant becomes a number of the dtype, and which value an activation's
derivative takes at the kink, where there is none. Neither is right or wrong; both are
said by the subject (`reference.subject.Subject`), and become part of the experiment that
the reference runs. What the experiment says itself goes before.
"""

from dataclasses import replace

import numpy as np

from reference import Experiment
from reference.subject import Subject

__all__ = ["short_name", "short_name_of", "specify"]


def specify(experiment: Experiment, subject: Subject) -> Experiment:
    """The experiment as the subject's system understands it.

    Parameters
    ----------
    experiment : Experiment
        Of a single neuron.
    subject : Subject

    Returns
    -------
    Experiment
    """
    meant = replace(experiment, constants=subject.constants)
    if experiment.grad_at_zero is not None:
        return meant
    at_kink = subject.at_kink(experiment.negative_slope, experiment.dtype)
    if np.dtype(experiment.dtype).type(at_kink) == meant.slope:
        return meant
    return replace(meant, grad_at_zero=at_kink)


def short_name(subject: Subject) -> str:
    """A subject in a word."""
    return short_name_of(subject.name)


def short_name_of(name: str) -> str:
    """A name without versions and what it runs on.

    >>> short_name_of("Keras 3.15.1 on TensorFlow 2.21.0"), short_name_of("my_step")
    ('Keras', 'my_step')
    """
    return name.partition(" ")[0]
