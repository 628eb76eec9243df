"""Gradients, minima, paths and outcomes of the map of starts in the browser, against the exact witness."""

import math
from importlib import resources

import numpy as np
import pytest

from compare.rounding import gamma
from compare.surface import (
    activation_probability,
    critical_points,
    expected_descent,
    expected_gradient,
    expected_hessian,
    expected_loss,
)
from compare.surface.basins import RESOLUTION
from compare.surface.errors import GRADIENT_ERROR, LOSS_ERROR
from compare.theory.outcomes import OUTCOMES, outcomes_at
from reference import SGD, Experiment, Parameters

U = 2.0**-53
ROUNDINGS = 2700  # counted and stated in quick_moments.js
REACH = 37.5  # of a kink, in normal.js
SLOPES = (0.0, 0.3, -0.5, 1.0, 0.01)
PEAK = 1 / math.sqrt(2 * math.pi)
WORDS = {"way": "on its way"}


def test_the_bound_that_the_script_counts_is_what_is_promised():
    script = resources.files("compare.report").joinpath("script")
    assert f"at most {ROUNDINGS}: 3e-13" in script.joinpath("quick_moments.js").read_text()
    assert gamma(ROUNDINGS, U) <= 3.1e-13


def density(x):
    return PEAK * math.exp(-x * x / 2)


def bounds(sizes, w, b, s):
    size = np.array([sizes(*point) for point in zip(w.tolist(), b.tolist(), s.tolist(), strict=True)])
    beyond = 4 * (1 + np.abs(w) + np.abs(b)) * REACH**2 * density(REACH)
    return (gamma(ROUNDINGS, U) + GRADIENT_ERROR) * size + beyond[:, None]


def points(number=6000):
    """Weights and biases of many sizes, kinks in reach and beyond, at nodes and between them, and near the minimum."""
    rng = np.random.default_rng(11)
    w = rng.choice([-1, 1], number) * 10 ** rng.uniform(-3, 1.2, number)
    kink = rng.choice([-1, 1], number) * 10 ** rng.uniform(-4, 1.6, number)
    kink = np.where(rng.random(number) < 0.2, np.round(kink * 128) / 128, kink)  # nodes and midpoints
    near = rng.random(number) < 0.2
    w = np.where(near, 1 + 10 ** rng.uniform(-16, -1, number), w)
    kink = np.where(near, rng.normal(size=number) * 10 ** rng.uniform(-16, -1, number), kink)
    special = [(0.0, 0.0), (0.0, 2.0), (0.0, -2.0), (1.0, 0.0), (-1.0, 0.0), (1.0, -1.0), (-1.0, 0.5), (1e-9, 3.0)]
    w, b = (np.concatenate([values, [pair[i] for pair in special]]) for i, values in enumerate((w, -kink * w)))
    return w, b, rng.choice(SLOPES, len(w))


def in_page(session, w, b, s):
    code = """return arguments[0].map(([w, b, s]) => {
        const found = new Float64Array(2);
        quickGradient(w, b, s, found);
        return [...found];
    });"""
    return np.array(session.execute_script(code, np.stack([w, b, s], axis=1).tolist()), float)


def test_the_quick_gradient_is_that_of_the_surface(functions, sizes):
    w, b, s = points()
    exact = expected_gradient(Parameters(w=w, b=b), negative_slope=s)
    ratio = np.abs(in_page(functions, w, b, s) - np.stack([exact.w, exact.b], axis=1)) / bounds(sizes, w, b, s)
    print("observed/bound of dL/dw, dL/db:", ratio.max(axis=0))
    assert ratio.max() <= 1


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Math.exp(-0.5 * a * a)", "Math.exp(-0.50000000001 * a * a)"),
        ("const TAYLOR_ORDER = 6", "const TAYLOR_ORDER = 3"),
        ("const SERIES_TERMS = 10", "const SERIES_TERMS = 6"),
        ("n0 = n2 + a * f1", "n0 = n2 + 1.00000000001 * a * f1"),
        ("2 * (byW + beyond", "2 * (byW + s"),
    ],
)
def test_a_wrong_formula_would_be_seen(functions, sizes, right, wrong):
    script = resources.files("compare.report").joinpath("script")
    text = script.joinpath("normal.js").read_text() + script.joinpath("quick_moments.js").read_text()
    assert right in text
    w, b, s = points(2000)
    code = f"""{text.replace(right, wrong)}
    return arguments[0].map(([w, b, s]) => {{
        const found = new Float64Array(2);
        quickGradient(w, b, s, found);
        return [...found];
    }});"""
    found = np.array(functions.execute_script(code, np.stack([w, b, s], axis=1).tolist()), float)
    exact = expected_gradient(Parameters(w=w, b=b), negative_slope=s)
    assert (np.abs(found - np.stack([exact.w, exact.b], axis=1)) > bounds(sizes, w, b, s)).any()


def minima(session, slopes):
    code = (
        "return arguments[0].map((slope) => { const { w, b, loss } = minimumWithBias(slope); return [w, b, loss]; });"
    )
    return np.array(session.execute_script(code, list(slopes)), float)


def test_there_is_one_minimum_for_each_slope_and_the_page_knows_it(functions):
    slopes = [0.0, 1e-6, 0.001, 0.01, *np.linspace(0.05, 1, 20).tolist()]
    for slope, (w, b, loss) in zip(slopes, minima(functions, slopes), strict=True):
        found = critical_points(trainable=("w", "b"), negative_slope=slope)
        attracting = [point for point in found if "minimum" in point.kind]
        assert [point.kind for point in attracting] == ["global minimum"]
        if slope > 0:
            assert len(found) == 1  # nor is there anything else where a run could stay
        at = found[0].parameters
        assert max(abs(w - at.w), abs(b - at.b)) <= gamma(ROUNDINGS, U)
        exact = expected_loss(Parameters(w=w, b=b), negative_slope=slope)
        assert abs(loss - exact) <= (gamma(9000, U) + LOSS_ERROR) * exact  # of surface.js
        assert w >= 0.5 - gamma(2, U)  # what walks.js builds upon
        assert b >= 0


def test_a_minimum_that_is_off_would_be_seen(functions):
    (w, b, _), at = minima(functions, [0.3])[0], critical_points(trainable=("w", "b"), negative_slope=0.3)[0].parameters
    assert abs(w * (1 + 1e-11) - at.w) > gamma(ROUNDINGS, U)
    assert abs(b + 1e-12 - at.b) > gamma(ROUNDINGS, U)


def test_the_best_straight_line_is_what_slope_1_has(functions):
    w, b, loss = minima(functions, [1.0])[0]
    assert abs(w - 0.5) <= gamma(4, U)
    assert abs(b - PEAK) <= gamma(8, U)
    assert abs(loss - (0.25 - PEAK**2)) <= gamma(9000, U) * loss
    assert functions.execute_script("return priceWithoutBias(1)") == 0.25


@pytest.mark.parametrize(("slope", "momentum"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.9)])
def test_each_step_of_a_walk_is_the_step_on_the_exact_gradient(functions, sizes, slope, momentum):
    rate = 0.125
    run = {"w": -2, "b": 2, "slope": slope, "rate": rate, "second": momentum, "steps": 300}
    code = "const { w, b } = walk(arguments[0]); return [[...w], [...b]];"
    path = np.array(functions.execute_script(code, run), float).T
    assert path.shape == (301, 2)
    w, b = path[:-1].T
    exact = expected_gradient(Parameters(w=w, b=b), negative_slope=slope)
    before = np.vstack([path[:1], path[:-2]])
    kept = float(np.float32(momentum)) * (path[:-1] - before)
    off = np.abs(path[1:] - (path[:-1] + kept - rate * np.stack([exact.w, exact.b], axis=1)))
    # The gradient's error, and the roundings of the velocity, which is a difference of states here, and of the state.
    terms = np.abs(path[1:]) + np.abs(path[:-1]) + np.abs(before)
    allowed = rate * bounds(sizes, w, b, np.full(w.shape, slope)) + gamma(8, U) * (terms + rate * np.abs(exact[:2]).T)
    assert (off <= allowed).all()
    assert (off < 1).all()


def compared(session, slope, rate, momentum, steps):
    """Outcomes of some cells: in the map, of the path that is drawn, and by the exact witness."""
    rng = np.random.default_rng(5)
    some = rng.integers(0, 64, (250, 2)).tolist()
    run = {"bias": True, "slope": slope, "rate": rate, "second": momentum, "steps": steps}
    code = """const [run, cells] = arguments, minimum = minimumWithBias(run.slope);
    return cells.map(([i, j]) => {
        const [w, b] = [startOf(i, STARTS_FROM_TO), startOf(j, STARTS_FROM_TO)];
        const path = { ...run, w, b };
        return [w, b, fateOf(run, w, b, minimum), outcomeOf(path, walk(path), [minimum]).kind];
    });"""
    w, b, cells, paths = zip(*session.execute_script(code, run, some), strict=True)
    experiment = Experiment(
        initial=Parameters(w=np.array(w), b=np.array(b)),
        trainable=("w", "b"),
        negative_slope=slope,
        optimizer=SGD(learning_rate=rate, momentum=momentum),
        steps=steps,
        dtype="float64",
    )
    found = outcomes_at(experiment, expected_descent(experiment, record="end").end)
    words = [[WORDS.get(kind, kind) for kind in kinds] for kinds in (cells, paths)]
    return *words, [list(OUTCOMES)[k] for k in found.outcome]


@pytest.mark.parametrize(
    ("slope", "rate", "momentum", "steps"),
    [
        (0.0, 0.01, 0.0, 2000),
        (0.1, 0.01, 0.0, 400),
        (0.5, 0.05, 0.0, 100),
        (0.0, 0.01, 0.9, 600),
        (0.0, 1.0, 0.0, 200),
        (0.0, 1.5, 0.0, 100),
    ],
)
def test_cells_of_the_map_have_the_outcome_that_the_exact_witness_finds(functions, slope, rate, momentum, steps):
    cells, paths, exact = compared(functions, slope, rate, momentum, steps)
    assert cells == paths == exact
    assert len(set(exact)) >= 2


@pytest.mark.usefixtures("afresh")
def test_outcomes_of_other_settings_would_be_seen(opened):
    opened.execute_script(
        "const right = fateOf; fateOf = (run, ...rest) => right({ ...run, rate: run.rate * 1.1 }, ...rest)"
    )
    cells, paths, exact = compared(opened, 0.0, 0.01, 0.0, 2000)
    assert cells != exact == paths


def test_ends_that_are_known_early_are_for_good():
    """What walks.js derives: the loss is convex around each minimum, and a kink from where no neuron comes back."""
    rng = np.random.default_rng(3)
    for slope in (0.0, 0.001, 0.03, 0.1, 0.5, 1.0):
        at = critical_points(trainable=("w", "b"), negative_slope=slope)[0].parameters
        angle, radius = rng.uniform(0, 2 * math.pi, 400), RESOLUTION * np.sqrt(rng.uniform(0, 1, 400))
        disc = Parameters(w=at.w + radius * np.cos(angle), b=at.b + radius * np.sin(angle))
        curvature = np.linalg.eigvalsh(expected_hessian(disc, negative_slope=slope)[:, :2, :2])
        assert curvature.min() > 0.12
        assert curvature.max() <= 2 + gamma(100, U)
    assert activation_probability(Parameters(w=-1.0, b=-2.16)) < RESOLUTION


def freed(session):
    """The table of the page: slope, steps until w crosses 0, and until it has learned."""
    code = """return [...document.querySelectorAll(".deaths-freed tbody tr")]
        .map(({ dataset }) => [dataset.slope, dataset.crossed, dataset.learned].map(Number));"""
    return session.execute_script(code)


def test_a_slope_frees_a_neuron_in_as_many_steps_as_the_page_says(functions):
    code = """return arguments[0].map(([slope, crossed, learned]) => {
        const run = { w: -2, b: -1, bias: true, slope, rate: 0.01, second: 0, steps: learned };
        const [path, minima] = [walk(run), [minimumWithBias(slope)]];
        const before = { w: path.w.subarray(0, learned), b: path.b.subarray(0, learned) };
        const kinds = [path, before].map((one) => outcomeOf(run, one, minima).kind);
        return [slope, path.w.findIndex((w) => w > 0), ...kinds];
    });"""
    table = freed(functions)
    assert [row[0] for row in table] == [0.01, 0.1, 0.3]
    assert functions.execute_script(code, table) == [[slope, crossed, "learned", "way"] for slope, crossed, _ in table]


def test_the_witness_needs_as_many_steps(functions):
    for slope, crossed, learned in freed(functions):
        run = Experiment(
            initial=Parameters(w=-2.0, b=-1.0),
            trainable=("w", "b"),
            negative_slope=slope,
            optimizer=SGD(learning_rate=0.01),
            steps=int(learned),
            dtype="float64",
        )
        path = expected_descent(run)
        assert int(np.argmax(np.asarray(path.parameters.w) > 0)) == crossed


def test_cells_are_evenly_spread_and_counted(functions):
    code = """const rows = [["dead", "way"], ["dead", "learned"]];
    return [startOf(0, [-3, 3]), startOf(63, [-3, 3]), countKinds(rows), everyNth([[1, 2], [3, 4]], 2)];"""
    first, last, counts, coarse = functions.execute_script(code)
    assert (first, last) == (-3 + 3 / 64, 3 - 3 / 64)
    assert counts == {"learned": 1, "way": 1, "stuck": 0, "dead": 2, "diverged": 0}
    assert coarse == [[1]]
