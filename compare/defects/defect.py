"""What a planted defect is: one small patch, and where it comes from."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

__all__ = ["KINDS", "Defect", "Replacement", "Substitution", "in_keras", "in_source", "of_kind"]

# By kind, what such defects have in common.
KINDS = MappingProxyType(
    {
        "formula": "a formula, a state or an order that is wrong",
        "start": "parameters that do not start where they should, or move although they are not trained",
        "not finite": "an infinity or NaN repaired on one side",
        "records": "steps as they should be, and another account of them",
        "borders": "something that happens between two blocks of batches",
        "data": "samples or labels that are not those that were asked for",
        "precision": "a difference close to what rounding may do, in float32 or in large batches",
        "condition": "a defect that acts late, at one size, for one sign or in one mode only",
    }
)

_REPORT = re.compile(r"[\w.-]+/[\w.-]+#\d+: ")


@dataclass(frozen=True)
class Substitution:
    """A change of text inside one function of a module's source.

    Parameters
    ----------
    module : str
        Dotted name, of the reference or of `keras_impl`.
    old : str
        Occurs exactly once in the module's source.
    new : str
    """

    module: str
    old: str
    new: str

    @property
    def where(self) -> str:
        """The module."""
        return self.module


@dataclass(frozen=True)
class Replacement:
    """A method of one of Keras' public classes, or a public function, put in place of another.

    Parameters
    ----------
    where : str
        As for `pkgutil.resolve_name`: "keras.optimizers:SGD.update_step".
    make : callable
        Given the original function, returns the one to put there.
    """

    where: str
    make: Callable[[Any], Callable[..., Any]]


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A planted defect, or a harmless rewrite.

    Parameters
    ----------
    name : str
        Unique, kebab-case.
    says : str
        What is wrong, in a sentence.
    source : str
        The report of a defect of this kind, as "owner/repository#number: what it says", or
        "plausible slip: ..." where none was looked up.
    patches : tuple of Substitution or Replacement
        Usually one, and all of the same side.
    family : str
        Key of `compare.defects.families.by_name.FAMILIES`: what it is tried on.
    kind : str
        Key of `KINDS`.
    changes_mathematics : bool
        False if the exact result stays what it was, so that it must not be reported.
    missed_first : bool
        Whether a certificate with nothing but its defaults missed it when it was first
        tried.
    """

    name: str
    says: str
    source: str
    patches: tuple[Substitution | Replacement, ...]
    family: str
    kind: str = "formula"
    changes_mathematics: bool = True
    missed_first: bool = False

    @property
    def side(self) -> str:
        """Which of the two implementations it is planted in: "reference" or "keras"."""
        return "reference" if self.patches[0].where.startswith("reference.") else "keras"

    @property
    def historical(self) -> bool:
        """Whether somebody reported such a defect; else it is a plausible slip."""
        return _REPORT.match(self.source) is not None


def in_source(
    module: str,
    name: str,
    family: str,
    says: str,
    source: str,
    *changes: tuple[str, str],
    missed_first: bool = False,
) -> Defect:
    """A defect in one module of the reference, or of what drives Keras, as (old text, new text)."""
    patches = tuple(Substitution(module, old, new) for old, new in changes)
    return Defect(name=name, says=says, source=source, patches=patches, family=family, missed_first=missed_first)


def in_keras(
    where: str,
    name: str,
    family: str,
    says: str,
    source: str,
    make: Callable[[Any], Callable[..., Any]],
    *,
    missed_first: bool = False,
) -> Defect:
    """A defect in one method or function of Keras."""
    patches = (Replacement(where, make),)
    return Defect(name=name, says=says, source=source, patches=patches, family=family, missed_first=missed_first)


def of_kind(kind: str, *defects: Defect) -> tuple[Defect, ...]:
    """Defects as they are, of another kind."""
    return tuple(replace(defect, kind=kind) for defect in defects)
