"""From tables of the right structure to claims, and what in them makes no sense."""

from collections.abc import Mapping
from typing import Any

from compare.claims.reading.checks import Context, build_check
from compare.claims.reading.experiments import build_experiment
from compare.claims.reading.structure import MISSING, Mistake, nearest
from compare.claims.settings import changed, setting_of, variable_settings
from compare.claims.values import Claim, ComparisonCheck, StepsCheck, TrajectoryCheck, Vary
from reference import Experiment

__all__ = ["build_claim"]


def build_claim(
    table: Mapping[str, Any], file: str, defaults: Experiment, broken: frozenset[str]
) -> tuple[Claim | None, list[Mistake]]:
    """Build the claim of a table that was read from `file`, or say what is wrong with it.

    What does not fit the schema is `broken`: keys such as "vary" and "check[1]", which are
    passed over, so that a mistake in one place hides none in another. What the claim's
    experiment leaves out is as in `defaults`.
    """
    mistakes: list[Mistake] = []
    if ("check" in table) == ("not_auditable" in table):
        wanted = 'needs either "check" or "not_auditable"' + (", not both" if "check" in table else "")
        mistakes.append(Mistake("check", MISSING, wanted))
    if "experiment" in broken:
        return None, mistakes
    experiment, wrong = build_experiment(table.get("experiment", {}), defaults, "experiment")
    mistakes += wrong
    if experiment is None:
        return None, mistakes
    tables = [] if "check" in broken else table.get("check", [])
    contexts = [Context(experiment, f"check[{i}]", mistakes) for i in range(1, len(tables) + 1)]
    checks = [
        None if context.key in broken else build_check(check, context)
        for check, context in zip(tables, contexts, strict=True)
    ]
    ranges = {} if "vary" in broken else table.get("vary", {})
    vary = [_vary(name, given, experiment, mistakes) for name, given in ranges.items()]
    of_runs = [check is None or isinstance(check, (TrajectoryCheck, StepsCheck, ComparisonCheck)) for check in checks]
    if vary and checks and not any(of_runs):
        mistakes.append(Mistake("vary", MISSING, "needs a check of a trajectory quantity"))
    if mistakes or broken:
        return None, mistakes
    claim = Claim(
        id=table["id"],
        says=" ".join(table["says"].split()),
        source=table["source"],
        experiment=experiment,
        checks=tuple(check for check in checks if check is not None),
        vary=tuple(one for one in vary if one is not None),
        file=file,
        **{name: table.get(name) for name in ("paragraph", "url", "expect", "not_auditable")},
    )
    return claim, mistakes


def _vary(name: str, given: Any, experiment: Experiment, mistakes: list[Mistake]) -> Vary | None:
    first, last = given if isinstance(given, list) else (given["from"], given["to"])
    known = variable_settings(experiment)
    value, wrong = given, ""
    if name not in known:
        wrong = "cannot be varied; " + nearest(name, known)
    elif not first < last:
        wrong = "must go from a smaller to a larger number"
    elif not first <= (stated := setting_of(experiment, name)) <= last:
        wrong = f"must include the claim's own value, {stated:g}"
    else:
        for value in (first, last):
            try:
                changed(experiment, name, float(value))
            except (ValueError, TypeError) as error:
                wrong = str(error)
                break
    if wrong:
        mistakes.append(Mistake(f"vary.{name}", value, wrong))
        return None
    return Vary(name, float(first), float(last), isinstance(given, dict) and given.get("claimed", False))
