"""Sums over a sorted batch in jitted JAX, with two ways to find a kink's place in it.

The samples are sorted once a batch and their sums of 1, x, x^2, y and x y taken from both
ends, one row for each place. With w >= 0 the active samples are those above the kink
-b/w, else those below it; for w = 0 the quotient is infinite and the answer all or none.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from compare.bench.problem import Problem
from reference import Parameters

__all__ = ["build_with_search", "build_with_table"]

CELLS = 4096  # of the lookup table; more are slower, fewer need more corrections


def _place_by_search(x: Any, kink: Any) -> Any:
    """How many samples are not above the kink."""
    import jax.numpy as jnp

    return jnp.searchsorted(x, kink, side="right")


def _place_by_table(x: Any, kink: Any) -> Any:
    """Likewise, by a lookup table over the range of the samples, whose guess is never too high, and is corrected."""
    import jax.numpy as jnp
    from jax import lax

    scale = (CELLS - 1) / (x[-1] - x[0])

    def cell(at: Any) -> Any:
        return jnp.clip((at - x[0]) * scale, 0, CELLS - 1).astype(jnp.int32)

    guess = jnp.searchsorted(cell(x), jnp.arange(CELLS), side="left").astype(jnp.int32)[cell(kink)]
    beyond = jnp.append(x, jnp.inf)

    def correct(state: Any) -> Any:
        place, _ = state
        too_low = (beyond[place] <= kink) & (place < x.size)
        return place + too_low, too_low.any()

    place, _ = lax.while_loop(lambda state: state[1], correct, (guess, True))
    return place


def _build(problem: Problem, place_of: Callable[[Any, Any], Any]) -> Callable[[], Parameters]:
    import jax
    import jax.numpy as jnp
    from jax import lax

    jax.config.update("jax_enable_x64", True)
    n, scale = problem.x.shape[1], problem.learning_rate * 2 / problem.x.shape[1]

    def sums(terms: Any) -> Any:
        zero = jnp.zeros_like(terms, shape=(1,))
        upwards = jnp.concatenate([zero, jnp.cumsum(terms)])
        downwards = jnp.concatenate([jnp.cumsum(terms[::-1])[::-1], zero])
        return jnp.concatenate([upwards, downwards])

    def step(state: Any, x: Any) -> Any:
        w, b = state
        x = jnp.sort(x)
        y = jnp.maximum(x, 0)
        table = jnp.stack([sums(terms) for terms in (jnp.ones_like(x), x, x * x, y, x * y)], axis=1)
        kink = jnp.where(w == 0, jnp.where(b > 0, -jnp.inf, jnp.inf), -b / w)
        # z = 0 is not active: for w < 0 a sample on the kink has to count as above it.
        place = place_of(x, jnp.where(w < 0, jnp.nextafter(kink, -jnp.inf), kink))
        row = table[jnp.where(w >= 0, place + n + 1, place)]
        by_w = w * row[:, 2] + b * row[:, 1] - row[:, 4]
        by_b = w * row[:, 1] + b * row[:, 0] - row[:, 3]
        return (w - scale * by_w, b - scale * by_b), None

    run = jax.jit(lambda w, b, x: lax.scan(step, (w, b), x)[0])
    arguments = jnp.asarray(problem.w), jnp.asarray(problem.b), jnp.asarray(problem.x)

    def train() -> Parameters:
        w, b = jax.block_until_ready(run(*arguments))
        return Parameters(w=w, b=b)

    train()  # compiles
    return train


build_with_search = partial(_build, place_of=_place_by_search)
build_with_table = partial(_build, place_of=_place_by_table)
