"""Defects planted in Keras, its networks and its optimizers."""

from compare.defects.planted.in_keras import networks, optimizers

__all__ = ["DEFECTS"]

DEFECTS = (*networks.DEFECTS, *optimizers.DEFECTS)
