"""How the property tests draw, the same examples every time or new ones for `make fuzz`; and how wide output is."""

import os

from hypothesis import HealthCheck, settings

# Worker processes inherit a width that was never asked for: libraries that read lines set it.
os.environ.pop("COLUMNS", None)

# Deadlines measure the machine, and the first example of a kind traces a graph.
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.register_profile("fuzz", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
