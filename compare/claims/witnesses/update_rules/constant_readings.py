"""How the constants of an update rule are read: as written, or as Keras rounds them.

Keras' `cast` passes some settings through float32 even where everything else is float64
(`reference.optimizers.cast_like_keras`): the momentum of SGD, weight decay, and what is taken to
the power of t. The rest is rounded once to the dtype, and so is what is formed of settings
alone, such as 1 - beta_1. A rule is therefore evaluated under one reading at a time.

A constant expression is worked out in float64 and rounded once; having been rounded
otherwise in another way of writing the rule, it is off by at most half an ulp, unless it is one
of the few-bit numbers that are exact.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from compare.claims.formula import Formula, Tree
from compare.claims.settings import optimizer_numbers
from compare.claims.witnesses.real_numbers import written
from compare.rounding import Ball
from reference import Optimizer
from reference.optimizers import cast_like_keras

__all__ = ["Constants", "Reading", "readings_of"]

AS_KERAS: Mapping[str, frozenset[str]] = {
    "SGD": frozenset({"momentum"}),
    "AdamW": frozenset({"weight_decay"}),
}


class Reading(NamedTuple):
    """Which constants are rounded through float32."""

    says: str  # in words; empty for how Keras rounds them
    cast: frozenset[str]  # settings
    powers: bool  # what is taken to the power of t


def readings_of(optimizer: Optimizer, dtype: np.dtype[Any]) -> tuple[Reading, ...]:
    """The readings that differ for a dtype, Keras' own first."""
    settings = optimizer_numbers(optimizer)
    keras = Reading("", AS_KERAS.get(type(optimizer).__name__, frozenset()), True)
    if all(cast_like_keras(value, dtype) == dtype.type(value) for value in settings.values()):
        return (keras,)
    return (
        keras,
        Reading("with settings as written", frozenset(), False),
        Reading("with every setting rounded through float32", frozenset(settings), True),
    )


class Constants:
    """The constants of a rule under one reading, as balls with their half ulp or as plain numbers.

    Examples
    --------
    >>> from compare.claims.formula import parse
    >>> constants = Constants({"beta": 0.9}, Reading("", frozenset(), True), np.dtype(np.float64), as_balls=False)
    >>> tree, values = constants.resolve(parse("(1 - beta) * g / (1 - beta**t)", {"beta", "g", "t"}).tree)
    >>> {name: float(value) for name, value in values.items()}
    {'#1': 0.09999999999999998, '#2': 1.0, '#3': 0.8999999761581421}
    """

    def __init__(self, settings: Mapping[str, float], reading: Reading, dtype: np.dtype[Any], as_balls: bool) -> None:
        self.reading = reading
        self.dtype = dtype
        self.as_balls = as_balls
        self.plain = dict(settings)
        double = np.dtype(np.float64)
        self.known = {
            name: float(cast_like_keras(value, double)) if name in reading.cast else value
            for name, value in settings.items()
        }
        # A number in the rule that is the value of such a setting is that setting.
        self.literals = {written(settings[name]): name for name in reading.cast if self.known[name] != settings[name]}

    def resolve(self, tree: Tree) -> tuple[Tree, dict[str, Any]]:
        """The tree with a name for each constant expression, and the values of these names."""
        values: dict[str, Any] = {}
        return self._resolved(tree, values), values

    def remember(self, name: str, tree: Tree) -> None:
        """Note that what a rule assigns to a name is a constant, or that it no longer is."""
        value = self.value(tree)
        for constants in (self.plain, self.known):
            constants.pop(name, None)
        if value is not None:
            self.plain[name] = self.known[name] = value

    def value(self, tree: Tree, plain: bool = False) -> float | None:
        """A constant expression in float64, or None for what is none; `plain` before anything is rounded."""
        known = self.plain if plain else self.known
        if not _names(tree) <= known.keys():
            return None
        tree = tree if plain else self._with_settings(tree)
        return float(Formula("", tree, frozenset())({name: np.float64(value) for name, value in known.items()}))

    def _with_settings(self, tree: Tree) -> Tree:
        if tree[0] == "number":
            return ("name", self.literals[tree[2]]) if tree[2] in self.literals else tree
        return tuple(self._with_settings(part) if isinstance(part, tuple) else part for part in tree)

    def _resolved(self, tree: Tree, values: dict[str, Any]) -> Tree:
        constant = self.value(tree)
        if constant is not None:
            return self._named(self._rounded(constant), values)
        if tree[0] == "**":
            exponent = tree[2]
            if exponent[0] == "name":
                base = self.value(tree[1], plain=True)
                if base is not None:
                    number = cast_like_keras(base, self.dtype) if self.reading.powers else self.dtype.type(base)
                    return ("**", self._named(Ball.exact(number) if self.as_balls else number, values), exponent)
            return ("**", self._resolved(tree[1], values), exponent)
        return tuple(self._resolved(part, values) if isinstance(part, tuple) else part for part in tree)

    def _rounded(self, constant: float) -> Any:
        number = self.dtype.type(constant)
        if not self.as_balls:
            return number
        exact = np.isfinite(number) and Fraction(float(number)) == Fraction(constant) == written(constant)
        ball = Ball(number, 0.0 if exact else float(np.finfo(self.dtype).eps) / 2 * abs(constant))
        ball.origin = "constant"
        return ball

    def _named(self, value: Any, values: dict[str, Any]) -> Tree:
        name = f"#{len(values) + 1}"
        values[name] = value
        return ("name", name)


def _names(tree: Tree) -> frozenset[str]:
    """The variables in a tree."""
    if tree[0] == "name":
        return frozenset({tree[1]})
    return frozenset().union(*(_names(part) for part in tree if isinstance(part, tuple)))
