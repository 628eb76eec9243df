"""Compute a sweep: here, in several processes, or on a cluster, with the same bytes."""

from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from pathlib import Path

from compare.sweep.chunks import Chunk, ChunkResult, chunks_of, compute
from compare.sweep.result import SweepResult, merged
from compare.sweep.store import Store
from compare.sweep.values import Sweep
from compare.system.processes import process_pool

__all__ = ["run_sweep"]


def run_sweep(
    sweep: Sweep,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    folder: str | Path | None = None,
    follow: Callable[[int, int], None] = lambda done, total: None,
) -> SweepResult:
    """Train and label every neuron of a sweep.

    Parameters
    ----------
    sweep : Sweep
    workers : int
        Processes; with 1 this one.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers then do the work; needs the extra
        ``cluster`` here, and this project on the workers.
    folder : str or Path, optional
        Where finished chunks are kept, and found again by a later call for the same sweep.
    follow : callable, optional
        Called with the numbers of finished neurons and of all, at the start and after every chunk.

    Returns
    -------
    SweepResult
        The same bits whatever the workers, and whether or not chunks were found.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    compare.system.command_line.UsageError
        In one line, if the folder holds something else, a worker was killed, or Dask is
        missing or cannot be reached.

    Notes
    -----
    Memory: less than 150 MB for each worker and, here, about 60 bytes for each neuron;
    random starts take 8 bytes for each number drawn besides, everywhere.

    Examples
    --------
    Without bias a ReLU from the left stays there, whatever the learning rate is below 1:

    >>> from compare.sweep import Axis, Sweep
    >>> from reference import Experiment
    >>> weights = Axis("initial.w", (-4.0, -1.0, 1.0, 4.0))
    >>> rates = Axis("optimizer.learning_rate", (0.25, 0.5))
    >>> small = Experiment(batch_size=100, steps=50)
    >>> result = run_sweep(Sweep(name="sides", says="", experiment=small, grid=(rates, weights)))
    >>> result.label.tolist(), result.share("learned")
    ([[2, 2, 0, 0], [2, 2, 0, 0]], 0.5)
    """
    if not isinstance(sweep, Sweep):
        raise TypeError(f"run_sweep: sweep must be a Sweep, such as load_sweep returns, got {sweep!r}")
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"run_sweep: workers must be an integer of at least 1, got {workers!r}")
    store = None if folder is None else Store(Path(folder), sweep)
    chunks = chunks_of(sweep)
    kept = {chunk: store.kept(chunk) if store else None for chunk in chunks}
    results: dict[Chunk, ChunkResult] = {chunk: result for chunk, result in kept.items() if result is not None}
    missing = [chunk for chunk in chunks if chunk not in results]
    finished = sum(chunk.size for chunk in results)
    follow(finished, sweep.size)
    for chunk, result in _computed(sweep, missing, workers, scheduler):
        results[chunk] = result
        if store is not None:
            store.keep(chunk, result)
        finished += chunk.size
        follow(finished, sweep.size)
    return merged(sweep, [results[chunk] for chunk in chunks])


def _computed(
    sweep: Sweep, chunks: list[Chunk], workers: int, scheduler: str | None
) -> Iterator[tuple[Chunk, ChunkResult]]:
    """Chunks as they are finished, in any order."""
    if scheduler is not None:
        from compare.sweep.cluster import on_cluster

        yield from on_cluster(sweep, chunks, scheduler)
    elif workers == 1 or len(chunks) < 2:
        for chunk in chunks:
            yield chunk, compute(sweep, chunk)
    else:
        yield from _in_processes(sweep, chunks, workers)


def _in_processes(sweep: Sweep, chunks: list[Chunk], workers: int) -> Iterator[tuple[Chunk, ChunkResult]]:
    with process_pool(min(workers, len(chunks)), "fewer --workers need less") as pool:
        futures = {pool.submit(compute, sweep, chunk): chunk for chunk in chunks}
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
