"""What the surface costs: time against quadrature, and imports."""

import math
import subprocess
import sys
import time

import numpy as np
from scipy.integrate import quad

from compare.surface import expected_gradient, expected_loss, expected_loss_and_gradient
from reference import Parameters


def cpu_time(function, repeat=3):
    times = []
    for _ in range(repeat):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def test_loss_and_gradient_of_a_grid_are_at_least_500_times_faster_than_by_quadrature():
    w, b = np.linspace(-3, 3, 300)[:, None], np.linspace(-3, 3, 300)
    ours = cpu_time(lambda: (expected_loss(Parameters(w, b)), expected_gradient(Parameters(w, b)))) / 300**2

    def integrand(x, quantity):
        z = 0.5 * x + 0.75
        residual, active = max(z, 0.0) - max(x, 0.0), z > 0
        factor = (residual, active * x, active, max(z, 0.0), 1.0)[quantity]
        return residual * factor * math.exp(-x * x / 2)

    def by_quadrature():
        return [quad(integrand, -40, 40, args=(q,), points=(-1.5, 0.0), epsabs=1e-13, limit=200) for q in range(5)]

    theirs = cpu_time(lambda: [by_quadrature() for _ in range(10)]) / 10
    assert theirs > 500 * ours


def test_the_combined_call_is_cheaper_than_two():
    p = Parameters(*np.random.default_rng(0).normal(size=(4, 100_000)))
    two = cpu_time(lambda: (expected_loss(p), expected_gradient(p)))
    assert cpu_time(lambda: expected_loss_and_gradient(p)) < two


def test_importing_it_brings_neither_keras_nor_pictures_nor_the_slow_parts_of_scipy():
    slow = ("keras", "tensorflow", "matplotlib", "scipy.stats", "scipy.integrate", "mpmath")
    code = f"import sys, compare.surface; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
