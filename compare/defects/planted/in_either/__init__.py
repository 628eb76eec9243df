"""Defects that either side may have, by what it takes to see them."""

from compare.defects.planted.in_either import block_borders, conditions, data, divergence, precision, records, starts

__all__ = ["DEFECTS"]

DEFECTS = (
    *starts.DEFECTS,
    *divergence.DEFECTS,
    *records.DEFECTS,
    *block_borders.DEFECTS,
    *data.DEFECTS,
    *precision.DEFECTS,
    *conditions.DEFECTS,
)
