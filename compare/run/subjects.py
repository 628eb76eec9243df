"""Who makes the runs of the question, opened once, with one line where it cannot be."""

from compare.subjects import open_subject
from compare.system.command_line import KerasMissing
from reference.subject import Subject

__all__ = ["BACKENDS", "opened"]

BACKENDS = ("tensorflow", "jax", "torch")  # of Keras; which one it runs on, KERAS_BACKEND says


def opened(name: str, dtype: str = "float32") -> Subject:
    """A subject by its name; KerasMissing if what it needs cannot be imported, or it has not this dtype."""
    try:
        subject = open_subject(name)
    except ImportError as error:
        raise KerasMissing(str(error)) from None
    refused = subject.refuses(dtype)
    if refused is not None:
        raise KerasMissing(refused)
    return subject
