"""All families, by name: what the defects of the gallery are tried on."""

from collections.abc import Mapping
from types import MappingProxyType

from compare.defects.families.family import Family
from compare.defects.families.probes import PROBED
from compare.defects.families.runs import OWN_RUNS

__all__ = ["FAMILIES"]

FAMILIES: Mapping[str, Family] = MappingProxyType({**PROBED, **OWN_RUNS})
