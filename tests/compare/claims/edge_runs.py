"""Runs behind what is true of the claims in edges.json: training written out once more, and what seeds say of it.

Plain NumPy, nothing from the packages under test. Without a bias a batch enters the gradient by four means only, of x,
x^2 over x > 0 and of u, u^2 over u = -x > 0. Runs go over many seeds at once, in float64; with `EXPECTED` in place of
batches they are those of the expected loss. Settings and starts may be arrays that broadcast against the seeds.
"""

import math
from fractions import Fraction
from fractions import Fraction as Q

import numpy as np

UNITS = 64  # in the last place, that two ways to write one rule in float64 may be apart
EXPECTED = np.array([1 / np.sqrt(2 * np.pi), 0.5] * 2)


def batches(size, seeds, seed=1):
    """Endless means (x, x^2 | x > 0; u, u^2 | u > 0), arrays of shape (4, seeds); EXPECTED for ever if size is None."""
    rng = np.random.default_rng([seed, seeds])
    while True:
        if size is None:
            yield np.repeat(EXPECTED[:, None], seeds, 1)
            continue
        x = rng.standard_normal((seeds, size))
        p, u = np.maximum(x, 0), np.maximum(-x, 0)
        yield np.array([p.mean(1), (p * p).mean(1), u.mean(1), (u * u).mean(1)])


def slopes(w, c):
    """Derivative of phi(w x) by w over x on x > 0, over u on u > 0; the derivative at z = 0 is c."""
    return np.where(w > 0, 1.0, c), np.where(w < 0, -1.0, -c)


def residuals(p, c):
    """The coefficients of x and of u in the residual, d aside."""
    right, left = slopes(p["w"], c)
    return p["v"] * right * p["w"] - 1, p["v"] * left * p["w"]


def loss(p, c, means):
    """Mean squared error: of a batch, or expected."""
    (m1, m2, l1, l2), (a, b), d = means, residuals(p, c), p["d"]
    return a * a * m2 + 2 * a * d * m1 + b * b * l2 + 2 * b * d * l1 + d * d


def gradient(p, c, means):
    """Its derivatives by w, v and d."""
    (m1, m2, l1, l2), (a, b), d = means, residuals(p, c), p["d"]
    right, left = slopes(p["w"], c)
    on_right, on_left = a * m2 + d * m1, b * l2 + d * l1
    by_slope = 2 * (right * on_right + left * on_left)
    return {"w": p["v"] * by_slope, "v": p["w"] * by_slope, "d": 2 * (a * m1 + b * l1 + d)}


class Optimizer:
    """Keras' rules, from its documentation: one parameter at a time, its slots in a dict."""

    def __init__(self, name="SGD", learning_rate=0.01, momentum=0.0, nesterov=False, **settings):
        self.name, self.rate, self.mu, self.nesterov = name, learning_rate, momentum, nesterov
        self.settings = {"beta_1": 0.9, "beta_2": 0.999, "rho": 0.9, "epsilon": 1e-7, "weight_decay": 0.004}
        self.settings |= {"amsgrad": False, "centered": False} | settings

    def step(self, w, g, s, t):
        if self.name == "SGD":
            s["m"] = self.mu * s.get("m", 0.0) - self.rate * g
            return w + (self.mu * s["m"] - self.rate * g if self.nesterov else s["m"])
        return self.rmsprop(w, g, s) if self.name == "RMSprop" else self.adam(w, g, s, t)

    def adam(self, w, g, s, t):
        o = self.settings
        if self.name == "AdamW":
            w = w - self.rate * o["weight_decay"] * w
        s["m"] = o["beta_1"] * s.get("m", 0.0) + (1 - o["beta_1"]) * g
        s["v"] = o["beta_2"] * s.get("v", 0.0) + (1 - o["beta_2"]) * g * g
        s["v_hat"] = np.maximum(s.get("v_hat", 0.0), s["v"])
        second = s["v_hat"] if o["amsgrad"] else s["v"]
        corrected = self.rate * np.sqrt(1 - o["beta_2"] ** t) / (1 - o["beta_1"] ** t)
        return w - corrected * s["m"] / (np.sqrt(second) + o["epsilon"])

    def rmsprop(self, w, g, s):
        o = self.settings
        s["v"] = o["rho"] * s.get("v", 0.0) + (1 - o["rho"]) * g * g
        s["a"] = o["rho"] * s.get("a", 0.0) + (1 - o["rho"]) * g
        s["m"] = self.mu * s.get("m", 0.0) + self.rate * g / np.sqrt(
            s["v"] - o["centered"] * s["a"] ** 2 + o["epsilon"]
        )
        return w - s["m"]


def run(steps, *, w=-10.0, v=1.0, d=0.0, trained="w", c=0.0, size=1000, seeds=64, seed=1, **optimizer):
    """Paths over seeds: w, v, d, expected_loss of steps + 1 states; loss, gradient.w and step.w of steps batches."""
    rule, state = Optimizer(**optimizer), {name: {} for name in trained}
    p = {name: np.broadcast_to(np.asarray(at, float), seeds).copy() for name, at in (("w", w), ("v", v), ("d", d))}
    kept = {name: [] for name in ("w", "v", "d", "expected_loss", "loss", "gradient.w", "step.w")}

    def keep_state():
        for name in "wvd":
            kept[name].append(p[name])
        kept["expected_loss"].append(loss(p, c, EXPECTED))

    keep_state()
    with np.errstate(all="ignore"):
        for t, means in zip(range(1, steps + 1), batches(size, seeds, seed), strict=False):
            g = gradient(p, c, means)
            kept["loss"].append(loss(p, c, means))
            kept["gradient.w"].append(g["w"])
            p = p | {name: rule.step(p[name], g[name], state[name], t) for name in trained}
            kept["step.w"].append(p["w"] - kept["w"][-1])
            keep_state()
    return {name: np.array(path) for name, path in kept.items()}


def run_with_bias(steps, *, w, b, trained="wb", size=100, seeds=64, seed=1, **optimizer):
    """The same for ReLU with a bias, sample by sample, v = 1 and d = 0: w, b, gradient.w."""
    rule, state = Optimizer(**optimizer), {name: {} for name in trained}
    p = {"w": np.full(seeds, float(w)), "b": np.full(seeds, float(b))}
    kept, rng = {"w": [p["w"]], "b": [p["b"]], "gradient.w": []}, np.random.default_rng([seed, seeds])
    for t in range(1, steps + 1):
        x = rng.standard_normal((seeds, size))
        z = p["w"][:, None] * x + p["b"][:, None]
        r = 2 * np.where(z > 0, z - np.maximum(x, 0), 0) / size
        g = {"w": (r * x).sum(1), "b": r.sum(1)}
        kept["gradient.w"].append(g["w"])
        p = p | {name: rule.step(p[name], g[name], state[name], t) for name in trained}
        kept["w"].append(p["w"])
        kept["b"].append(p["b"])
    return {name: np.array(path) for name, path in kept.items()}


# Conditions on a number, and on a run of n steps.


def below(c):
    return lambda x: x < c


def above(c):
    return lambda x: x > c


def near(c, r):
    return lambda x: abs(x - c) <= r


def far(c, r):
    return lambda x: abs(x - c) > r


def end(quantity, test):
    return lambda paths, n: test(paths[quantity][_last(quantity, n)])


def always(quantity, test):
    return lambda paths, n: test(paths[quantity][: _last(quantity, n) + 1]).all(0)


def ever(quantity, test):
    return lambda paths, n: test(paths[quantity][: _last(quantity, n) + 1]).any(0)


def at(step, quantity, test):
    return lambda paths, n: test(paths[quantity][step])


def both(one, other):
    return lambda paths, n: one(paths, n) & other(paths, n)


def _last(quantity, n):
    return n if quantity in {"w", "v", "d", "expected_loss"} else n - 1


# Runs.


def later(holds, lengths, **settings):
    """Seeds for which a run of each length meets the claim."""
    paths = run(max(lengths), **settings)
    return [(f"{n} steps", *_count(holds(paths, n))) for n in lengths]


def across(holds, steps, places, **settings):
    """The same at each of some settings, the stated one first."""
    return [(str(place), *_count(holds(run(steps, **settings | place), steps))) for place in places]


def at_start(test, *starts):
    """What is said of the start alone."""
    return [(start, int(test(Q(start))), 1) for start in starts]


def close(test, lengths, u, **optimizer):
    """w - 1 itself, which no rounding of w hides: expected, and with batches of 100 as far as 3000 steps."""
    rows = []
    for name, size, seeds in (("expected", None, 1), ("batches", 100, 16)):
        steps = max(n for n in lengths if size is None or n <= 3000)
        path, rule, slots = [np.full(seeds, float(u))], Optimizer(**optimizer), {}
        for t, (_, right, _, left) in zip(range(1, steps + 1), batches(size, seeds), strict=False):
            slope = 2 * np.where(path[-1] > -1, right * path[-1], left * (path[-1] + 1))
            path.append(rule.step(path[-1], slope, slots, t))
        rows += [(f"{name}, {n} steps", *_count(test(path[n]))) for n in lengths if n <= steps]
    return rows


def with_bias(steps, w, b, test, **optimizer):
    return [(f"{steps} steps", *_count(test(run_with_bias(steps, w=w, b=b, seeds=16, **optimizer)["w"][-1])))]


def share_of_seeds(quantity, test, steps, **settings):
    return float(np.mean(test(run(steps, seeds=1024, **settings)[quantity][-1])))


def crossed_share(rate, size, steps):
    """Of runs with samples of their own: while w < 0 a step multiplies it by 1 - 2 rate mean(x^2 | x < 0)."""
    means = [m for m, _ in zip(batches(size, 4096), range(steps), strict=False)]
    return float(np.mean(np.any([2 * rate * m[3] > 1 for m in means], 0)))


def steps_taken(rate, level, test):
    """How many steps it takes to get above a level from -1, by seeds."""
    return [("64 seeds", *_count(test(np.argmax(run(200, w=-1, learning_rate=rate)["w"] > level, 0))))]


def below_takes(rate, w, level, test):
    """How many steps it takes to get below a level, by seeds."""
    return [("64 seeds", *_count(test(np.argmax(run(200, w=w, learning_rate=rate)["w"] < level, 0))))]


def tied(steps, one, other, w=-2, size=50):
    """Whether two runs on the same batches are the same, to the last bit."""
    return bool(np.all(run(steps, w=w, size=size, **one)["w"] == run(steps, w=w, size=size, **other)["w"]))


def overtakes(lengths, one, other, w):
    """Seeds for which the one run is behind the other, on the same batches."""
    ours, theirs = (run(max(lengths), w=w, **settings)["w"] for settings in (one, other))
    return [(f"{n} steps", *_count(ours[n] < theirs[n])) for n in lengths]


def grows(rate, w):
    """Whether w is beyond 1e6 after 150 steps in every seed; from there a step multiplies |w| by rate s - 1."""
    return bool(np.all(np.abs(run(150, w=w, learning_rate=rate)["w"][-1]) > 1e6))


def faster(steps, rate, other):
    """Whether one rate has every seed farther from 1 than the other after 100, 200 and 300 steps, all numbers."""
    ours, theirs = (np.abs(run(300, w=2, learning_rate=a)["w"][100::100]) for a in (rate, other))
    return bool(np.all(ours > theirs)) and steps >= 300


def zero_stays():
    return not np.any(run_with_bias(50, w=0, b=0)["gradient.w"])


def one_sample_still():
    """Share of starts from -1 to 1 that one sample does not move: the same for a positive and a negative one."""
    w = np.linspace(-0.999, 0.999, 2000)
    p = {"w": w, "v": np.ones_like(w), "d": np.zeros_like(w)}
    samples = np.array([[1.0], [1.0], [0.0], [0.0]]), np.array([[0.0], [0.0], [1.0], [1.0]])
    still = {Fraction(int(np.sum(gradient(p, 0.0, sample)["w"] == 0)), w.size) for sample in samples}
    return still.pop() if len(still) == 1 else None


def orbit(rate, w, steps):
    """The expected dynamics of plain descent in rationals."""
    rate, w = Q(rate), Q(w)
    for _ in range(steps):
        w -= rate * (w if w < 0 else w - 1)
    return float(w)


def opposite_weights(w, *_):
    """From w = -v > 0 any step with any batch keeps w = -v and makes both smaller: a loss of (1 + w^2)^2 / 2 > 1/2."""
    w, v, rng = Q(w), -Q(w), np.random.default_rng(1)
    for s in rng.integers(2, 8, 6):
        slope = (w * v - 1) * Q(int(s), 4)
        before = w
        w, v = w - v * slope / 100, v - w * slope / 100
        if v != -w or not 0 < w < before:
            return False
    return True


def _count(met):
    return int(np.sum(met)), int(np.size(met))


def rare(x, *samples):
    """Of a thousand runs, how many see no sample beyond x."""
    return [(f"{n} samples", round(1000 * (1 - _tail(x)) ** n), 1000) for n in samples]


def rare_moves(x, samples):
    """Whether Adam, after the one sample beyond x that a run may see, moves b by 0.05; two are out of the question."""
    if (samples * _tail(x)) ** 2 > 1e-4:
        return None
    rule, slots, b = Optimizer(name="Adam", learning_rate=0.001), {}, 0.0
    for t in range(1, 101):
        b = rule.step(b, -0.1 if t == 1 else 0.0, slots, t)
    return bool(b > 0.05)


def _tail(x):
    return math.erfc(x / math.sqrt(2)) / 2


# Update rules: what the claim says, held against Keras' documented rule on a run of our own.


def update_rule(claim):
    """Whether both make the same steps; None if nothing ever moves."""
    experiment, rule = claim["experiment"], claim["check"][0]["rule"]
    keras, slots, start = Optimizer(**experiment.get("optimizer", {})), {}, experiment["initial"]
    if start.get("b", 0.0) < -40 * abs(start["w"]):
        return None  # active beyond 40 standard deviations only
    named = keras.settings | {"learning_rate": keras.rate, "momentum": keras.mu, "sqrt": np.sqrt, "max": np.maximum}
    w, worst, moved = np.float64(start["w"]), 0.0, False
    for t, means in zip(range(1, experiment["steps"] + 1), batches(experiment["batch_size"], 1), strict=False):
        g = gradient({"w": np.array([w]), "v": 1.0, "d": 0.0}, 0.0, means)["w"][0]
        old = dict.fromkeys(("m", "v", "a", "v_hat"), 0.0) | slots | {"w": w}
        ours = old | {"g": g, "t": t}
        for name, formula in rule.items():
            ours[name] = eval(formula, named, ours)
        w, moved = keras.step(w, g, slots, t), moved or bool(g != 0)
        new = slots | {"w": w}
        for name in rule.keys() & new.keys():
            worst = max(worst, abs(ours[name] - new[name]) / np.spacing(max(abs(old[name]), abs(new[name]))))
    return bool(worst < UNITS) if moved else None
