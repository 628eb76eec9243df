"""Defects planted in the reference: the neuron, its training loop and its optimizers."""

from compare.defects.planted.in_reference import adam, neuron, rmsprop, sgd, training

__all__ = ["DEFECTS"]

DEFECTS = (*neuron.DEFECTS, *training.DEFECTS, *sgd.DEFECTS, *adam.DEFECTS, *rmsprop.DEFECTS)
