"""The folder of a sweep: which sweep it is, and the chunks that are finished.

A chunk is one file that begins with hashes of what it is and of what it holds; it
appears under its name when it is complete. A file that is damaged, or that other versions
of the software made, is not believed but computed again.
"""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from compare.sweep.chunks import Chunk, ChunkResult
from compare.sweep.values import Sweep
from compare.system.command_line import UsageError, reporting_unwritable
from compare.system.files import kind_of, read_bounded, write_whole
from compare.system.folders import SWEEP, own_record
from compare.system.staging import remove_leftovers

__all__ = ["Store", "packed"]

SPEC = "spec.json"
CHUNKS = "chunks"
TEXTS = ("points", "without_points")  # of a chunk's result, beside its arrays
LARGEST = 1_000_000_000  # bytes of a chunk, which has some millions


class Store:
    """Finished chunks of one sweep, in a folder of its own: new, empty, or that of the same sweep.

    UsageError says, before anything is written, that the folder holds something else, or
    that it cannot be written.
    """

    def __init__(self, folder: Path, sweep: Sweep) -> None:
        self.folder = folder
        self.sweep = sweep
        with reporting_unwritable(folder):
            remove_leftovers(folder)
            _require_ours(folder, sweep)
            spec = {"written_by": SWEEP, "schema": 1, "name": sweep.name, "sweep": sweep.key}
            write_whole(folder / SPEC, json.dumps(spec, indent=1).encode() + b"\n")  # first: it says whose folder it is
            (folder / CHUNKS).mkdir(exist_ok=True)
            remove_leftovers(folder / CHUNKS)

    def path(self, chunk: Chunk) -> Path:
        """File of a chunk."""
        return self.folder / CHUNKS / f"{chunk.number:05d}.chunk"

    def keep(self, chunk: Chunk, result: ChunkResult) -> None:
        """Write a finished chunk."""
        texts = {name: _text_array(getattr(result, name)) for name in TEXTS}
        payload = packed({**result.arrays, **texts})
        with reporting_unwritable(self.path(chunk)):
            write_whole(self.path(chunk), _seal(chunk.key(self.sweep), payload) + payload)

    def kept(self, chunk: Chunk) -> ChunkResult | None:
        """Read a finished chunk; None if there is none, or if it is damaged."""
        try:
            content = read_bounded(self.path(chunk), LARGEST)
        except OSError:
            return None
        expected = _seal(chunk.key(self.sweep), content[_SEAL:])
        if content[:_SEAL] != expected:
            return None
        with np.load(io.BytesIO(content[_SEAL:]), allow_pickle=False) as arrays:
            named = {name: arrays[name] for name in arrays.files}
        texts = [named.pop(name).tolist() for name in TEXTS]
        return ChunkResult(named, *texts)


_SEAL = 130  # bytes: two hashes in hexadecimal, each with a line's end


def _seal(key: str, payload: bytes) -> bytes:
    return f"{key}\n{hashlib.sha256(payload).hexdigest()}\n".encode()


def _require_ours(folder: Path, sweep: Sweep) -> None:
    allowed = "a new folder, an empty one, or that of the same sweep is allowed"
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is {kind_of(folder.stat().st_mode)}; {allowed}")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    spec = own_record(folder / SPEC, SWEEP)
    if spec is None:
        raise UsageError(f"{folder}: holds other files, and no {SPEC} that says it is a sweep's; {allowed}")
    key, name = spec.get("sweep"), spec.get("name")
    if key != sweep.key:
        raise UsageError(f"{folder}: holds another sweep ({name!s:.80}, {key!s:.8}, not {sweep.key:.8}); {allowed}")


def _text_array(texts: list[str]) -> np.ndarray:
    return np.array(texts, dtype=np.str_) if texts else np.empty(0, dtype="<U1")


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of an .npz file, which depend on the arrays and on nothing else: NumPy gives entries no time.

    Examples
    --------
    >>> with np.load(io.BytesIO(packed({"w": np.array([1.0, 2.0])}))) as file:
    ...     file["w"]
    array([1., 2.])
    """
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()
