"""Who can be certified: Keras on one of its backends, PyTorch, JAX with optax, a function of yours.

A subject (`reference.subject.Subject`) takes an experiment and its batches and yields Records of
what it did. Each framework is imported when it is first used.
"""

from compare.subjects.function import Function
from compare.subjects.missing import lacking
from compare.subjects.opening import NAMES, open_subject

__all__ = ["NAMES", "Function", "lacking", "open_subject"]
