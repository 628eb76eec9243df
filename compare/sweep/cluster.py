"""A sweep on a Dask cluster: the same chunks, computed wherever there are workers."""

import logging
import warnings
from collections.abc import Iterator

from compare.sweep.chunks import Chunk, ChunkResult, compute
from compare.sweep.values import Sweep
from compare.system.command_line import UsageError

__all__ = ["on_cluster"]

PATIENCE = "10s"  # for the scheduler to answer


def on_cluster(sweep: Sweep, chunks: list[Chunk], address: str) -> Iterator[tuple[Chunk, ChunkResult]]:
    """Compute chunks on the cluster of a scheduler, such as ``tcp://host:8786``, as they are finished.

    A worker that is lost loses its chunks only, which the scheduler gives to another.
    Chunks not yet begun are taken back when this process is interrupted. UsageError says
    that Dask is missing, the scheduler does not answer, or a chunk cannot be computed there.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise UsageError("--scheduler needs Dask: pip install 'neuron-audit[cluster]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what fails is said in one line, below
    if not chunks:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ: a chunk's numbers carry their own
            client = Client(address, timeout=PATIENCE)
    except Exception as error:  # whatever answers there may be no scheduler
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"--scheduler {address}: cannot be reached: {reason:.200}") from None
    try:
        if not client.scheduler_info()["workers"]:
            raise UsageError(f"--scheduler {address}: has no workers")
        futures = {client.submit(compute, sweep, chunk, pure=False): chunk for chunk in chunks}
        for future in as_completed(list(futures)):
            if future.status != "finished":
                reason = " ".join(str(future.exception()).split())
                raise UsageError(f"--scheduler {address}: chunk {futures[future].number} failed: {reason:.200}")
            yield futures.pop(future), future.result()
            future.release()
        futures.clear()
    finally:
        client.close()  # which takes back what is not finished
