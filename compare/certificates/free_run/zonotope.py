"""Bounds carried through many linear steps with their signs.

D(t+1) = J(t) D(t) + e(t), |e(t)| <= local(t) + jump(t), D(0) = 0. The reachable set of D
is a zonotope, the sum of segments G z with |z| <= 1 (Kuehn 1998, "Rigorously computed
orbits of dynamical systems without the wrapping effect"): its generators, the columns of
G, are multiplied by J at each step, e(t) adds one along each axis, and the sum of |G|
over the columns bounds each component. Multiplying radii by |J| instead would lose the
signs, and with them all contraction. When there are too many generators, the shortest are
enclosed in a box (Girard 2005, "Reachability of uncertain linear systems using zonotopes").

What jump(t) is may depend on how large D(t) can be. Within each block of steps a reach is
assumed, twice what it is without jumps; if D then turns out to stay within it, the
assumption was right, else it is widened.
"""

from collections.abc import Callable

import numpy as np

__all__ = ["Jump", "propagate"]

GENERATORS, KEPT = 512, 384  # if there are more, all but so many are enclosed in a box
STEPS_PER_BLOCK = 16  # steps that are done for all blocks at once
WIDENINGS = 5  # each at least doubles the assumed reach

Jump = Callable[[slice, np.ndarray], np.ndarray]


def propagate(
    jacobian: np.ndarray, local: np.ndarray, jump: Jump | None = None, ceiling: np.ndarray | None = None
) -> np.ndarray:
    """Bound each component after each step, with shape (steps + 1, size); infinite from where it cannot be bounded.

    Parameters
    ----------
    jacobian : ndarray of shape (steps, size, size)
    local : ndarray of shape (steps, size)
        Nonnegative.
    jump : callable, optional
        Of a slice of k steps and the largest |D| before each of them, of shape (k, size), what is
        added to `local` in these steps: also of shape (k, size), no smaller for larger |D|.
    ceiling : ndarray of shape (size,), optional
        The bound is of no use beyond it, and may be infinite from there on.

    Examples
    --------
    Rotations keep the sizes of errors, |J| would let them grow by sqrt 2 a step.

    >>> quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> propagate(np.stack([quarter] * 3), np.full((3, 2), 0.5))[:, 0]
    array([0. , 0.5, 1. , 1.5])
    """
    steps, size = local.shape
    through, inside, leaving = _within_blocks(*_in_blocks(jacobian, local))
    radius = np.full((steps + 1, size), np.inf)
    radius[0] = 0.0
    generators = np.zeros((size, 0))
    for i in range(len(through)):
        here = slice(i * STEPS_PER_BLOCK, min((i + 1) * STEPS_PER_BLOCK, steps))
        carried = through[i].reshape(-1, size) @ generators
        after = np.abs(carried, out=carried).sum(axis=1).reshape(-1, size) + inside[i]
        new = leaving[i]
        if jump is not None:
            after, jumped = _with_jumps(jacobian[here], radius[i * STEPS_PER_BLOCK], after, here, jump)
            new = np.concatenate([new, jumped], axis=1)
        radius[here.start + 1 : here.stop + 1] = after[: here.stop - here.start]
        if not np.isfinite(after).all() or (ceiling is not None and (after > ceiling).any()):
            break
        generators = _reduce(np.concatenate([through[i][-1] @ generators, new[:, new.any(axis=0)]], axis=1))
    unbounded = np.flatnonzero(~np.isfinite(radius).all(axis=1))
    radius[unbounded[0] if unbounded.size else len(radius) :] = np.inf
    return radius


def _with_jumps(
    jacobian: np.ndarray, start: np.ndarray, smooth: np.ndarray, here: slice, jump: Jump
) -> tuple[np.ndarray, np.ndarray]:
    """Radii after each step of a block, with jumps, of shape (STEPS_PER_BLOCK, size), and the generators these leave.

    `jacobian` is (steps, size, size) for the block's own steps, `start` the radii before it, (size,),
    `smooth` the radii after its steps without jumps, (STEPS_PER_BLOCK, size), padded steps included. The
    generators are (size, STEPS_PER_BLOCK * size), or (size, 0) where nothing jumps.
    """
    steps = here.stop - here.start
    before = assumed = np.concatenate([start[None], smooth])[:steps]
    for _ in range(WIDENINGS):
        assumed = 2 * np.maximum(assumed, before)
        extra = jump(here, assumed)
        if not extra.any():
            return smooth, np.zeros((len(start), 0))
        _, inside, leaving = _within_blocks(*_in_blocks(jacobian, extra))
        after = smooth + inside[0]
        before = np.concatenate([start[None], after])[:steps]
        if (before <= assumed).all():
            return after, leaving[0]
    return np.full_like(smooth, np.inf), np.zeros((len(start), 0))


def _in_blocks(jacobian: np.ndarray, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut into blocks, (blocks, STEPS_PER_BLOCK, size, size) and (blocks, STEPS_PER_BLOCK, size); pad with I and 0."""
    steps, size = local.shape
    blocks = -(-steps // STEPS_PER_BLOCK)
    padding = blocks * STEPS_PER_BLOCK - steps
    if padding:
        jacobian = np.concatenate([jacobian, np.broadcast_to(np.eye(size), (padding, size, size))])
        local = np.concatenate([local, np.zeros((padding, size))])
    shape = (blocks, STEPS_PER_BLOCK, size)
    return jacobian.reshape(*shape, size), local.reshape(shape)


def _within_blocks(jacobian: np.ndarray, local: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For all blocks at once the product of the Jacobians, the radius of what is added, and its generators.

    Takes arrays of shape (blocks, steps, size, size) and (blocks, steps, size); returns, after each
    step, (blocks, steps, size, size) and (blocks, steps, size), and at the end (blocks, size, steps * size).
    """
    blocks, steps, size = local.shape
    through = np.empty_like(jacobian)
    inside = np.empty_like(local)
    product = np.broadcast_to(np.eye(size), (blocks, size, size))
    generators = np.zeros((blocks, size, steps * size))
    axis = np.arange(size)
    for j in range(steps):
        product = through[:, j] = jacobian[:, j] @ product
        generators[:, :, : j * size] = jacobian[:, j] @ generators[:, :, : j * size]
        generators[:, axis, j * size + axis] = local[:, j]
        inside[:, j] = np.abs(generators[:, :, : (j + 1) * size]).sum(axis=2)
    return through, inside, generators


def _reduce(generators: np.ndarray) -> np.ndarray:
    """Enclose the shortest generators in a box, once there are too many (Girard 2005, section 3.4).

    `generators` is (size, count). With each component divided by its radius, the shortest are
    those whose 1-norm exceeds their largest component least: a box loses least by them.
    """
    size, count = generators.shape
    if count <= (1 if size == 1 else GENERATORS):
        return generators
    magnitude = np.abs(generators)
    radius = magnitude.sum(axis=1, keepdims=True)
    scaled = magnitude / np.where(radius > 0, radius, 1.0)
    order = np.argsort(scaled.sum(axis=0) - scaled.max(axis=0))
    boxed = order[: count - (0 if size == 1 else KEPT)]
    kept = order[len(boxed) :]
    return np.concatenate([generators[:, kept], np.diag(magnitude[:, boxed].sum(axis=1))], axis=1)
