"""Propagated bounds against all products of the Jacobians written out."""

import numpy as np
import pytest

from compare.certificates.free_run import zonotope
from compare.certificates.free_run.zonotope import propagate


def written_out(jacobian, local):
    """sum over s of |J(t-1) ... J(s+1)| local(s)."""
    steps, size = local.shape
    radius = np.zeros((steps + 1, size))
    for s in range(steps):
        product = np.eye(size)
        for t in range(s, steps):
            radius[t + 1] += np.abs(product) @ local[s]
            if t + 1 < steps:
                product = jacobian[t + 1] @ product
    return radius


def dynamics(steps, size, seed=0):
    """Dyadic, so that nothing is rounded while few bits are in use."""
    rng = np.random.default_rng(seed)
    return rng.integers(-1, 2, (steps, size, size)) / 2, rng.integers(0, 4, (steps, size)) / 4


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("steps", [1, 15, 16, 17, 40])
def test_bounds_are_the_sums_of_magnitudes_of_all_products(steps, size):
    jacobian, local = dynamics(steps, size)
    assert (propagate(jacobian, local) == written_out(jacobian, local)).all()


@pytest.mark.parametrize("size", [1, 3])
def test_with_few_generators_the_bound_is_larger_but_holds(size, monkeypatch):
    jacobian, local = dynamics(64, size)
    exact = propagate(jacobian, local)
    monkeypatch.setattr(zonotope, "GENERATORS", 8)
    monkeypatch.setattr(zonotope, "KEPT", 4)
    boxed = propagate(jacobian, local)
    assert (boxed >= exact).all()
    assert (boxed > exact).any() == (size > 1)


def test_what_happens_stays_within_the_bound():
    rng = np.random.default_rng(5)
    jacobian, local = dynamics(50, 3, seed=5)
    bound = propagate(jacobian, local)
    for _ in range(50):
        d = np.zeros(3)
        for t in range(50):
            d = jacobian[t] @ d + local[t] * rng.choice([-1, 1], 3)
            assert (np.abs(d) <= bound[t + 1]).all()


def test_jumps_are_added_where_the_reach_calls_for_them():
    # x(t+1) = x(t) + 1, and from the step at which |x| may be 3 or more, 1/2 more a step.
    steps = 20
    jacobian, local = np.ones((steps, 1, 1)), np.ones((steps, 1))
    asked = []

    def jump(here, reach):
        asked.append((here.start, here.stop))
        return np.where(reach >= 3, 0.5, 0.0)

    bound = propagate(jacobian, local, jump)[:, 0]
    assert set(asked) == {(0, 16), (16, 20)}
    true = [0.0]
    for _ in range(steps):
        true.append(true[-1] + 1 + (0.5 if true[-1] >= 3 else 0))
    assert (bound >= true).all()
    assert bound[1] == 1
    assert (bound <= 1.5 * np.arange(steps + 1)).all()


def test_jumps_that_feed_on_themselves_leave_no_bound():
    jacobian, local = np.ones((40, 1, 1)), np.ones((40, 1))
    bound = propagate(jacobian, local, lambda here, reach: reach * np.where(np.arange(40)[here, None] < 16, 0, 1e3))
    assert np.isfinite(bound[:17]).all()
    assert np.isinf(bound[17:]).all()


def test_an_overflow_or_nan_leaves_no_bound_from_there_on():
    for bad in (1e300, np.nan):
        jacobian, local = np.full((40, 2, 2), 0.5), np.ones((40, 2))
        jacobian[20:] = bad
        with np.errstate(over="ignore", invalid="ignore"):
            bound = propagate(jacobian, local)
        assert np.isfinite(bound[:21]).all()
        assert np.isinf(bound[24:]).all()


def test_beyond_the_ceiling_it_may_stop():
    jacobian, local = np.ones((100, 1, 1)), np.ones((100, 1))
    bound = propagate(jacobian, local, ceiling=np.array([5.0]))
    assert (bound[:6, 0] == np.arange(6)).all()
    assert np.isinf(bound[-1])
