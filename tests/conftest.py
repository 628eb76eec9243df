"""How the property tests draw, the same examples every time or new ones for `make fuzz`; signals; width of output."""

import os
import signal

from hypothesis import HealthCheck, settings

# Worker processes inherit a width that was never asked for: libraries that read lines set it.
os.environ.pop("COLUMNS", None)

# In the background a shell may have us ignore the signals that tests of interrupts send.
for name, handler in {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}.items():
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, name), handler)

# Deadlines measure the machine, and the first example of a kind traces a graph.
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.register_profile("fuzz", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
