"""The witnesses side by side: certificates, exact surface, figures, report.

`certify` compares Keras with the reference step by step; `compare.surface` is the exact
expected loss; `python -m compare.run` does everything and writes it down.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compare.certificates import Certificate, Disagreement, certify

__all__ = ["Certificate", "Disagreement", "certify"]


def __getattr__(name: str) -> Any:
    """What this package exports, imported when it is asked for: the commands begin without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from compare import certificates

    return getattr(certificates, name)
