"""All families, by name: what the defects of the gallery are tried on."""

from collections.abc import Mapping
from types import MappingProxyType

from compare.defects.family import Family
from compare.defects.probes import PROBED
from compare.defects.runs import OWN_RUNS

__all__ = ["FAMILIES"]

FAMILIES: Mapping[str, Family] = MappingProxyType({**PROBED, **OWN_RUNS})
