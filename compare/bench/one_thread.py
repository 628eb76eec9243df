"""One core and one thread for everybody: NumPy, JAX, PyTorch, numba and TensorFlow alike.

Libraries size their pools of threads when they are loaded, by variables of the environment
and by the cores that the process may use. Both have to be set before: the command sets
them and starts itself anew. Only the second is sure, since no pool can run on a core that
the process does not have; it is to be had on Linux only.
"""

import os
import sys

__all__ = ["VARIABLES", "core", "restart_on_one_core"]

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
    if hasattr(os, "sched_setaffinity"):  # kept by what replaces this process, and by its children
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if any(os.environ.get(name) != value for name, value in VARIABLES.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **VARIABLES})


def core() -> int | None:
    """The one core that this process may use; None if it may use several, or nobody knows."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    return min(allowed) if len(allowed) == 1 else None
