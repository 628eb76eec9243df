"""From tables of the right structure to claims, and what in them makes no sense."""

from collections.abc import Callable, Mapping
from typing import Any

from compare.claims.reading.checks import CHECKS, Context
from compare.claims.reading.experiments import build_experiment, changed, setting_of, variable_settings
from compare.claims.reading.structure import MISSING, Mistake, nearest
from compare.claims.values import Check, Claim, Vary, is_varied
from reference import Experiment

__all__ = ["Builder"]


class Builder:
    """Builds one claim and collects what is wrong with it.

    Parameters
    ----------
    table : dict
        A claim, of which all that is not `broken` fits the schema.
    file : str
        Where it was read.
    defaults : Experiment
        Of what the claim's experiment leaves out.
    broken : frozenset of str
        Keys, such as "vary" and "check[1]", that do not fit the schema; they are passed
        over, so that a mistake in one place hides none in another.
    """

    def __init__(
        self, table: Mapping[str, Any], file: str, defaults: Experiment, broken: frozenset[str] = frozenset()
    ) -> None:
        self.table = table
        self.file = file
        self.defaults = defaults
        self.broken = broken
        self.mistakes: list[Mistake] = []

    def claim(self) -> Claim | None:
        """Return the claim, or None if there are mistakes."""
        table = self.table
        if ("check" in table) == ("not_auditable" in table):
            wanted = 'needs either "check" or "not_auditable"' + (", not both" if "check" in table else "")
            self.mistakes.append(Mistake("check", MISSING, wanted))
        if "experiment" in self.broken:
            return None
        experiment, mistakes = build_experiment(table.get("experiment", {}), self.defaults, "experiment")
        self.mistakes += mistakes
        if experiment is None:
            return None
        tables = [] if "check" in self.broken else table.get("check", [])
        checks = tuple(self._check(check, experiment, i) for i, check in enumerate(tables, 1))
        ranges = {} if "vary" in self.broken else table.get("vary", {})
        vary = tuple(self._vary(name, given, experiment) for name, given in ranges.items())
        if vary and checks and not any(check is None or is_varied(check) for check in checks):
            self.mistakes.append(Mistake("vary", MISSING, "needs a check of a trajectory quantity"))
        if self.mistakes or self.broken:
            return None
        texts = {name: table.get(name) for name in ("paragraph", "url", "expect", "not_auditable")}
        return Claim(
            id=table["id"],
            says=" ".join(table["says"].split()),
            source=table["source"],
            experiment=experiment,
            checks=tuple(check for check in checks if check is not None),
            vary=tuple(v for v in vary if v is not None),
            file=self.file,
            **texts,
        )

    def _check(self, table: Mapping[str, Any], experiment: Experiment, number: int) -> Check | None:
        if f"check[{number}]" in self.broken:
            return None
        context = Context(experiment, f"check[{number}]", self.mistakes)
        before = len(self.mistakes)
        build: Callable[[Mapping[str, Any], Context], Check] = CHECKS[kind_of(table)]
        check = build(table, context)
        return check if len(self.mistakes) == before else None

    def _vary(self, name: str, given: Any, experiment: Experiment) -> Vary | None:
        where = f"vary.{name}"
        first, last = given if isinstance(given, list) else (given["from"], given["to"])
        claimed = not isinstance(given, list) and given.get("claimed", False)
        known = variable_settings(experiment)
        if name not in known:
            self.mistakes.append(Mistake(where, given, "cannot be varied; " + nearest(name, known)))
            return None
        if not first < last:
            self.mistakes.append(Mistake(where, given, "must go from a smaller to a larger number"))
            return None
        stated = setting_of(experiment, name)
        if not first <= stated <= last:
            wanted = f"must include the claim's own value, {stated:g}"
            self.mistakes.append(Mistake(where, given, wanted))
            return None
        for end in (first, last):
            try:
                changed(experiment, name, float(end))
            except (ValueError, TypeError) as error:
                self.mistakes.append(Mistake(where, end, str(error)))
                return None
        return Vary(name, float(first), float(last), bool(claimed))


def kind_of(table: Mapping[str, Any]) -> str:
    """Which kind of check a table is, by its quantity."""
    quantity: str = table["quantity"]
    if quantity == "expected_loss":
        return "surface" if "at" in table else "trajectory"
    if quantity.startswith(("expected_", "prediction")):
        return "surface"
    if quantity.startswith("minimum."):
        return "minimum"
    return quantity if quantity in CHECKS else "trajectory"
