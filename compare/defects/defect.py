"""What a planted defect is: one small patch, and where it comes from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["KINDS", "MISSED_FIRST", "Defect", "Replacement", "Substitution", "defects"]

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

MISSED_FIRST = True  # marks, in a table of defects, what a certificate by default missed when it was first tried

_REPORT = re.compile(r"[\w.-]+/[\w.-]+#\d+: ")


@dataclass(frozen=True)
class Substitution:
    """A change of text inside one function of a module's source.

    Parameters
    ----------
    where : str
        Dotted name of the module, of the reference or of `keras_impl`.
    old : str
        Occurs exactly once in the module's source.
    new : str
    """

    where: str
    old: str
    new: str


@dataclass(frozen=True)
class Replacement:
    """A function put in place of a method of one of Keras' public classes, or of a public function.

    Parameters
    ----------
    where : str
        As for `pkgutil.resolve_name`: "keras.optimizers:SGD.update_step".
    function : callable
        Called with the original and then with what the original is called with.
    """

    where: str
    function: Callable[..., Any]


Patch = Substitution | Replacement


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
        Key of `compare.defects.families.FAMILIES`: what it is tried on.
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
    patches: tuple[Patch, ...]
    family: str
    kind: str
    changes_mathematics: bool = True
    missed_first: bool = False

    @property
    def side(self) -> str:
        """Which of the two implementations it is planted in: "reference" or "keras"."""
        where = self.patches[0].where
        # What a subject's records are put together by stands beside the reference, and is no part of it.
        return "reference" if where.startswith("reference.") and where != "reference.subject" else "keras"

    @property
    def historical(self) -> bool:
        """Whether somebody reported such a defect; else it is a plausible slip."""
        return _REPORT.match(self.source) is not None


Key = tuple[str, str] | tuple[str, str, bool]
Description = tuple[str, str, *tuple[Patch, ...]]


def defects(kind: str, table: Mapping[Key, Description]) -> tuple[Defect, ...]:
    """Defects of one kind, from a table of (name, family[, MISSED_FIRST]) to (says, source, patch, ...)."""
    return tuple(
        Defect(
            name=name,
            says=says,
            source=source,
            patches=tuple(patches),
            family=family,
            kind=kind,
            missed_first=bool(missed_first),
        )
        for (name, family, *missed_first), (says, source, *patches) in table.items()
    )
