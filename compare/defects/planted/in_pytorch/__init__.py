"""Defects planted in PyTorch's path: in its layers, loss and optimizers, and in how the subject drives them."""

from compare.defects.planted.in_pytorch import driving, networks, optimizers

__all__ = ["DEFECTS"]

DEFECTS = (*networks.DEFECTS, *optimizers.DEFECTS, *driving.DEFECTS)
