"""Each kind of check from its table, with what the schema cannot say about it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from compare.claims.formula import Formula, FormulaError, parse
from compare.claims.quantities import number_of_values, slot_names
from compare.claims.reading.experiments import build_experiment
from compare.claims.reading.structure import MISSING, Mistake
from compare.claims.settings import has_no_bias, optimizer_numbers
from compare.claims.values import (
    AcceptsCheck,
    Check,
    ComparisonCheck,
    Condition,
    ConvexCheck,
    CriticalPointCheck,
    CrossingsCheck,
    DefaultCheck,
    ExistsCheck,
    FormulaCheck,
    KinkCheck,
    MinimumCheck,
    ShareOf,
    StepsCheck,
    SurfaceCheck,
    TrajectoryCheck,
    UpdateCheck,
)
from reference import Experiment, Parameters

__all__ = ["Context", "build_check"]

STARTS, SEEDS = 4096, 64  # members where a share names none
CONFIDENCE = 0.999
NEAR = 1e-9  # of a critical point


class Context(NamedTuple):
    """Whose check it is, where it stands, and where its mistakes go."""

    experiment: Experiment
    key: str
    mistakes: list[Mistake]

    def wrong(self, name: str, value: Any, allowed: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(f"{self.key}.{name}", value, allowed))


def build_check(table: Mapping[str, Any], context: Context) -> Check | None:
    """Build the kind of check that a table's quantity names; None if there are mistakes in it."""
    before = len(context.mistakes)
    check = _BUILDERS[_kind_of(table)](table, context)
    return check if len(context.mistakes) == before else None


def _kind_of(table: Mapping[str, Any]) -> str:
    quantity: str = table["quantity"]
    if quantity == "expected_loss":
        return "surface" if "at" in table else "trajectory"
    if quantity.startswith(("expected_", "prediction")):
        return "surface"
    if quantity.startswith("minimum."):
        return "minimum"
    return quantity if quantity in _BUILDERS else "trajectory"


def _trajectory(table: Mapping[str, Any], context: Context) -> Check:
    steps = context.experiment.steps
    if isinstance(table["when"], int):
        last = number_of_values(table["quantity"], steps) - 1
        if table["when"] > last:
            context.wrong("when", table["when"], f"must be at most {last}, the experiment has {steps} steps")
        if "after" in table:
            context.wrong("after", table["after"], 'has no meaning with a step number in "when"')
    if table.get("after", 0) >= steps:
        context.wrong("after", table["after"], f"must be below {steps}, the experiment's steps")
    _require_trained(table["quantity"], "quantity", context)
    check = TrajectoryCheck(
        quantity=table["quantity"],
        when=table["when"],
        condition=_condition(table, context),
        after=table.get("after", 0),
        distance_to=_number(table.get("distance_to")),
        share=_share(table, context),
    )
    return _compared(check, table, context)


def _steps_until(table: Mapping[str, Any], context: Context) -> Check:
    until = table["until"]
    _require_trained(until["quantity"], "until.quantity", context)
    inner = TrajectoryCheck(
        quantity=until["quantity"],
        when="ever",
        condition=_condition(until, context, "until."),
        distance_to=_number(until.get("distance_to")),
    )
    return _compared(StepsCheck(until=inner, condition=_condition(table, context)), table, context)


def _compared(check: TrajectoryCheck | StepsCheck, table: Mapping[str, Any], context: Context) -> Check:
    """The check itself, or with "than" its comparison with another run."""
    if "relation" not in table:
        if "within" in table and "near" not in table:
            context.wrong("within", table["within"], 'needs "near"')
        return check
    for name in ("below", "above", "near", "share"):
        if name in table:
            context.wrong(name, table[name], 'cannot be combined with "relation"')
    if (table["relation"] == "near") != ("within" in table):
        context.wrong("within", table.get("within", MISSING), 'goes with relation = "near"')
    when = table.get("when", "end")
    if when in ("ever", "always"):
        context.wrong("when", when, 'must be "end" or a step number where two runs are compared')
    context.mistakes.extend(build_experiment(table["than"], context.experiment, f"{context.key}.than")[1])
    if not table["than"]:
        context.wrong("than", table["than"], "must say what is different in the other run")
    return ComparisonCheck(
        measure=check,
        relation=table["relation"],
        within=_number(table.get("within")),
        other_is=MappingProxyType(dict(table["than"])),
    )


def _share(table: Mapping[str, Any], context: Context) -> ShareOf | None:
    if "share" not in table:
        return None
    share = table["share"]
    of_starts = share["of"] == "starts"
    if of_starts != ("initial" in share):
        context.wrong("share.initial", share.get("initial", MISSING), "goes with a share of starts, and only with that")
    initial = {}
    for name, distribution in share.get("initial", {}).items():
        ((kind, (first, second)),) = distribution.items()
        if kind == "uniform" and not first < second:
            context.wrong(f"share.initial.{name}.uniform", [first, second], "must go from a smaller to a larger number")
        if kind == "normal" and not second > 0:
            context.wrong(f"share.initial.{name}.normal", [first, second], "must have a positive standard deviation")
        initial[name] = (kind, float(first), float(second))
    return ShareOf(
        of=share["of"],
        number=share.get("number", STARTS if of_starts else SEEDS),
        initial=MappingProxyType(initial),
        confidence=float(share.get("confidence", CONFIDENCE)),
        condition=_condition(share, context, "share."),
    )


def _surface(table: Mapping[str, Any], context: Context) -> Check:
    points = table["at"] if isinstance(table["at"], list) else [table["at"]]
    wants_x = table["quantity"].startswith("prediction")
    for i, point in enumerate(points, 1):
        where = f"at[{i}]" if isinstance(table["at"], list) else "at"
        if "w" not in point:
            context.wrong(f"{where}.w", MISSING, "is missing")
        if wants_x != ("x" in point):
            wanted = f"is missing; {table['quantity']} needs it" if wants_x else f"{table['quantity']} has no x"
            context.wrong(f"{where}.x", point.get("x", MISSING), wanted)
    if "side" in table and "gradient" not in table["quantity"]:
        context.wrong("side", table["side"], f"has no meaning for {table['quantity']}")
    names = {*Parameters._fields, "negative_slope"} | ({"x"} if wants_x else set())
    return SurfaceCheck(
        quantity=table["quantity"],
        points=tuple(MappingProxyType({name: float(value) for name, value in point.items()}) for point in points),
        side=table.get("side"),
        **_condition_or_formula(table, names, context),
    )


def _minimum(table: Mapping[str, Any], context: Context) -> Check:
    name = table["quantity"].removeprefix("minimum.")
    if name != "loss":
        _require_trained(f"minimum.{name}", "quantity", context)
    return MinimumCheck(quantity=table["quantity"], **_condition_or_formula(table, {"negative_slope"}, context))


def _condition_or_formula(table: Mapping[str, Any], names: set[str], context: Context) -> dict[str, Any]:
    if "equals" not in table:
        condition = _condition(table, context)
        return {"condition": condition, "distance_to": _number(table.get("distance_to"))}
    for name in ("below", "above", "near", "distance_to"):
        if name in table:
            context.wrong(name, table[name], 'cannot be combined with "equals"')
    formula = _formula(table["equals"], names, "equals", context)
    return {"condition": None, "equals": formula, "within": float(table["within"])}


def _critical_point(table: Mapping[str, Any], context: Context) -> Check:
    if "w" not in table["at"]:
        context.wrong("at.w", MISSING, "is missing")
    at = {"w": 0.0} | {name: float(value) for name, value in table["at"].items()}
    return CriticalPointCheck(at=Parameters(**at), kind=table["is"], within=float(table.get("within", NEAR)))


def _crossings(table: Mapping[str, Any], context: Context) -> Check:
    if not has_no_bias(context.experiment):
        context.wrong("quantity", table["quantity"], "is for experiments that train w only, without any bias")
    line = table["line"]
    return CrossingsCheck(at_zero=float(line["at_zero"]), slope=float(line["slope"]), above=float(table["above"]))


def _kink_derivative(table: Mapping[str, Any], context: Context) -> Check:
    if ("side" in table) == ("framework" in table):
        context.wrong("side", table.get("side", MISSING), 'needs either "side" or "framework", not both')
    leaky = table["function"] == "leaky_relu"
    if leaky != ("negative_slope" in table):
        context.wrong(
            "negative_slope", table.get("negative_slope", MISSING), "goes with leaky_relu, and only with that"
        )
    return KinkCheck(
        function=table["function"],
        negative_slope=float(table.get("negative_slope", 0.0)),
        side=table.get("side"),
        framework=table.get("framework"),
        condition=_condition(table, context),
    )


def _update(table: Mapping[str, Any], context: Context) -> Check:
    slots = slot_names(context.experiment.optimizer)
    settings = optimizer_numbers(context.experiment.optimizer).keys()
    known = {"w", "g", "t"} | slots.keys() | settings
    rule = []
    for name, text in table["rule"].items():
        if name in {"g", "t"} | settings or not (name.isidentifier() and name.isascii() and not name.startswith("_")):
            allowed = ", ".join(["w", *slots, "or a name of your own"])
            context.wrong(f"rule.{name}", text, f"cannot be assigned; assign to {allowed}")
            continue
        formula = _formula(text, known, f"rule.{name}", context)
        if formula is not None:
            rule.append((name, formula))
        known.add(name)
    if "w" not in table["rule"]:
        context.wrong("rule.w", MISSING, "is missing; a rule says what w becomes")
    return UpdateCheck(rule=tuple(rule))


def _arithmetic(table: Mapping[str, Any], context: Context) -> Check:
    at = {name: float(value) for name, value in table.get("at", {}).items()}
    formula = _formula(table["formula"], set(at), "formula", context)
    if formula is not None:
        for name in sorted(at.keys() - formula.names):
            context.wrong(f"at.{name}", at[name], "is not in the formula")
    return FormulaCheck(
        formula=formula or parse("0", ()),  # what is wrong with it is noted
        at=MappingProxyType(at),
        condition=_condition(table, context),
    )


def _condition(table: Mapping[str, Any], context: Context, prefix: str = "") -> Condition:
    below, above, near, within = (_number(table.get(name)) for name in ("below", "above", "near", "within"))
    within = None if near is None else within  # without near it is of a relation or a formula
    lows = [above, None if near is None else near - (within or 0.0)]
    low = max((x for x in lows if x is not None), default=None)
    if below is not None and low is not None and below <= low:
        context.wrong(f"{prefix}below", below, "is a condition that no number meets together with the others")
    elif above is not None and near is not None and above >= near + (within or 0.0):
        context.wrong(f"{prefix}above", above, "is a condition that no number meets together with the others")
    return Condition(below, above, near, within)


def _formula(text: str, names: set[str], name: str, context: Context) -> Formula | None:
    try:
        return parse(text, names)
    except FormulaError as error:
        context.wrong(name, text, str(error))
        return None


def _require_trained(quantity: str, key: str, context: Context) -> None:
    """A gradient, step or minimum exists for trained parameters only."""
    name = quantity.partition(".")[2]
    if name in Parameters._fields and name not in context.experiment.trainable:
        trained = ", ".join(context.experiment.trainable)
        context.wrong(key, quantity, f"{name} is not trained; experiment.trainable has {trained}")


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], Context], Check]] = MappingProxyType(
    {
        "trajectory": _trajectory,
        "steps_until": _steps_until,
        "surface": _surface,
        "minimum": _minimum,
        "convex": lambda table, _: ConvexCheck(expected=table["is"]),
        "critical_point": _critical_point,
        "crossings": _crossings,
        "kink_derivative": _kink_derivative,
        "default": lambda table, _: DefaultCheck(of=table["of"], argument=table["argument"], equals=table["equals"]),
        "accepts": lambda table, _: AcceptsCheck(
            of=table["of"], arguments=MappingProxyType(dict(table["arguments"])), expected=table["is"]
        ),
        "exists": lambda table, _: ExistsCheck(of=table["of"], expected=table["is"]),
        "update": _update,
        "formula": _arithmetic,
    }
)
