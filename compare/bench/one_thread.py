"""One core and one thread for everybody: NumPy, JAX, PyTorch, numba and TensorFlow alike.

Libraries size their pools of threads when they are loaded, by variables of the environment
and by the cores that the process may use. Both have to be set before: the command sets
them and starts itself anew. Only the second is sure, since no pool can run on a core that
the process does not have; it is to be had on Linux only. What is to be measured on all
cores has a process of its own (`compare.bench.all_cores`).
"""

import os
import sys

__all__ = ["VARIABLES", "core", "cores_at_first", "restart_on_one_core"]

AT_FIRST = "NEURON_AUDIT_BENCH_CORES"

VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


def restart_on_one_core() -> None:
    """Replace this process by one that is confined to a core, unless it is already."""
    os.environ.setdefault(AT_FIRST, ",".join(map(str, sorted(_cores()))))
    if hasattr(os, "sched_setaffinity"):  # kept by what replaces this process, and by its children
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if any(os.environ.get(name) != value for name, value in VARIABLES.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **VARIABLES})


def core() -> int | None:
    """The one core that this process may use; None if it may use several, or nobody knows."""
    allowed = _cores() if hasattr(os, "sched_getaffinity") else set()
    return min(allowed) if len(allowed) == 1 else None


def cores_at_first() -> set[int]:
    """The cores that the command was started with."""
    said = os.environ.get(AT_FIRST)
    return set(map(int, said.split(","))) if said else _cores()


def _cores() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))
