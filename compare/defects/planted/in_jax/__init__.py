"""Defects planted in JAX' path: in its functions, in optax, and in how the subject drives them."""

from compare.defects.planted.in_jax import driving, networks, optimizers

__all__ = ["DEFECTS"]

DEFECTS = (*networks.DEFECTS, *optimizers.DEFECTS, *driving.DEFECTS)
