"""Paths of states, and the answers that they give to checks."""
