"""Defects planted in Keras, its networks and its optimizers."""
