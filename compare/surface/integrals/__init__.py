"""Moments of the inputs over the pieces of the line on which the residual is linear."""
