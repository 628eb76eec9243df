"""What a planted defect is: one small patch, and where it comes from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["KINDS", "MISSED_FIRST", "SIDES", "SYSTEMS", "Defect", "Replacement", "Substitution", "defects"]

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

# Where a defect may be planted: in the reference, or in the path of a subject.
SIDES = ("reference", "keras", "torch", "jax")

# What a subject is called in a table.
SYSTEMS = MappingProxyType({"keras": "Keras", "torch": "PyTorch", "jax": "JAX"})

MISSED_FIRST = True  # marks, in a table of defects, what a certificate by default missed when it was first tried

# What the modules in a subject's path begin with.
_PATHS = {"torch": ("torch", "compare.subjects.pytorch"), "jax": ("jax", "optax", "compare.subjects.jax_optax")}

_REPORT = re.compile(r"[\w.-]+/[\w.-]+#\d+: ")


@dataclass(frozen=True)
class Substitution:
    """A change of text inside one function of a module's source.

    Parameters
    ----------
    where : str
        Dotted name of the module, of the reference, of `keras_impl` or of `compare.subjects`.
    old : str
        Occurs exactly once in the module's source.
    new : str
    """

    where: str
    old: str
    new: str


@dataclass(frozen=True)
class Replacement:
    """A function put in place of a method or a function of a subject's system, named by a string.

    Of Keras' these are public names. PyTorch's and optax' are those that are called in turn, down
    to the update of a single tensor, which is where their defects were.

    Parameters
    ----------
    where : str
        As for `pkgutil.resolve_name`: "keras.optimizers:SGD.update_step". It is resolved when the
        defect is planted, and nothing is imported before.
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
        """Which implementation it is planted in: one of `SIDES`."""
        where = self.patches[0].where
        # What a subject's records are put together by stands beside the reference, and is no part of it.
        if where.startswith("reference.") and where != "reference.subject":
            return "reference"
        return next((side for side, places in _PATHS.items() if where.startswith(places)), "keras")

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
