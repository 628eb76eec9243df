"""The free run: both sides on their own, their whole paths compared within a bound that is propagated along them."""

from compare.certificates.free_run.paths import FreeRun, free_run

__all__ = ["FreeRun", "free_run"]
