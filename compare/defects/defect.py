"""What a planted defect is: one small patch, and where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Defect", "Replacement", "Substitution", "in_keras", "in_source"]


@dataclass(frozen=True)
class Substitution:
    """A change of text inside one function of a module's source.

    Parameters
    ----------
    module : str
        Dotted name.
    old : str
        Occurs exactly once in the module's source.
    new : str
    """

    module: str
    old: str
    new: str


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
        Usually one.
    family : str
        Key of `compare.defects.probes.FAMILIES`: what it is tried on.
    changes_mathematics : bool
        False if the exact result stays what it was, so that it must not be reported.
    """

    name: str
    says: str
    source: str
    patches: tuple[Substitution | Replacement, ...]
    family: str
    changes_mathematics: bool = True

    @property
    def side(self) -> str:
        """Which of the two implementations it is planted in: "reference" or "keras"."""
        return "reference" if isinstance(self.patches[0], Substitution) else "keras"


def in_source(module: str, name: str, family: str, says: str, source: str, *changes: tuple[str, str]) -> Defect:
    """A defect in one module of the reference, as (old text, new text)."""
    patches = tuple(Substitution(module, old, new) for old, new in changes)
    return Defect(name=name, says=says, source=source, patches=patches, family=family)


def in_keras(
    where: str, name: str, family: str, says: str, source: str, make: Callable[[Any], Callable[..., Any]]
) -> Defect:
    """A defect in one method or function of Keras."""
    return Defect(name=name, says=says, source=source, patches=(Replacement(where, make),), family=family)
