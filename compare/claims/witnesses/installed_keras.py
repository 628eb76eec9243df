"""What Keras says of checks about the installed package, which take no run: names, defaults, arguments, kinks."""

from typing import Any

from compare.claims.findings import Finding, same
from compare.claims.values import AcceptsCheck, Check, DefaultCheck, ExistsCheck, KinkCheck

__all__ = ["judge_installed", "only_keras"]


def only_keras(check: Check) -> bool:
    """Whether no other witness can say anything about a check."""
    return isinstance(check, (AcceptsCheck, ExistsCheck, DefaultCheck)) or (
        isinstance(check, KinkCheck) and check.framework is not None
    )


def judge_installed(check: Check) -> Finding | None:
    """Finding on the installed package; None for a check that is not about it."""
    if isinstance(check, KinkCheck) and check.framework is not None:
        return _kink(check, check.framework)
    if isinstance(check, (DefaultCheck, AcceptsCheck, ExistsCheck)):
        from keras_impl import inspection

        try:
            return _name(check, inspection)
        except (inspection.MissingName, ValueError) as error:
            return Finding(False if isinstance(check, DefaultCheck) else None, None, str(error), str(error))
    return None


def _name(check: DefaultCheck | AcceptsCheck | ExistsCheck, inspection: Any) -> Finding:
    if isinstance(check, DefaultCheck):
        value = inspection.default_of(check.of, check.argument)
        number = float(value) if isinstance(value, (int, float)) else None
        return Finding(same(value, check.equals), number, f"{check.argument} = {value!r}")
    if isinstance(check, AcceptsCheck):
        taken, message = inspection.accepts(check.of, check.arguments)
        says = ("taken" if taken else "refused") + (f": {message}" if message else "")
        return Finding(taken == check.expected, None, says)
    there = inspection.exists(check.of)
    return Finding(there == check.expected, None, "there is" if there else "there is none")


def _kink(check: KinkCheck, framework: str) -> Finding:
    from keras_impl.kink import derivative_at_zero, installed_backends

    installed = installed_backends()
    asked = installed if framework == "installed" else (framework,)
    if framework != "installed" and framework not in installed:
        return Finding(None, None, "", f"{framework} is not installed")
    try:
        numbers = {name: derivative_at_zero(check.function, check.negative_slope, name) for name in asked}
    except RuntimeError as error:
        return Finding(None, None, "", str(error))
    met = {name: bool(check.condition.met(number)) for name, number in numbers.items()}
    deciding = next((name for name in asked if not met[name]), asked[0])
    return Finding(all(met.values()), numbers[deciding], ", ".join(f"{name} {x:g}" for name, x in numbers.items()))
