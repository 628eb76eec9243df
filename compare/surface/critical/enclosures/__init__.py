"""Interval arithmetic: enclosures of functions on whole cells, and roots with proof."""
