"""The witnesses side by side: certificates, exact surface, figures, report.

`certify` compares Keras with the reference step by step; `compare.surface` is the exact
expected loss; `python -m compare.run` does everything and writes it down.
"""

from compare.certificates import Certificate, Disagreement, certify

__all__ = ["Certificate", "Disagreement", "certify"]
