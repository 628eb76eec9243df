"""Negative controls: correct implementations, of which nothing may be reported."""
