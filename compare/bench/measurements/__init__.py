"""What is measured, a group or several a file; `GROUPS` has all, in the order in which they are measured."""

from compare.bench.measurements import certificates, ensembles, memory, scaling, start_up, subjects, surface, trajectory
from compare.bench.plan import Group

__all__ = ["GROUPS"]

GROUPS: tuple[Group, ...] = (
    *ensembles.GROUPS,
    *scaling.GROUPS,
    memory.GROUP,
    surface.GROUP,
    start_up.GROUP,
    trajectory.GROUP,
    certificates.GROUP,
    subjects.GROUP,
)
