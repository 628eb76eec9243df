"""What is known about a single neuron, where it can be said in one dimension.

Each test states the result in the words of this project, with its source.
"""

import math

import numpy as np
import pytest

from compare.surface import activation_probability, basins, expected_gradient, gradient_flow
from compare.surface.errors import GRADIENT_ERROR
from reference import Adam, Parameters


@pytest.mark.parametrize("w", [-3.0, -0.5, 0.25, 2.0])
def test_tian_2017_population_gradient_of_one_relu(w):
    # Tian (2017), "An analytical formula of population gradient for two-layered ReLU network and its applications in
    # convergence and critical point analysis": with loss 1/2 E[(g - y)^2] the gradient is w / 2 - ((pi - theta) w* +
    # |w*| sin(theta) w / |w|) / (2 pi), theta the angle between w and w*. In one dimension theta is 0 or pi.
    theta = 0.0 if w > 0 else math.pi
    tian = w / 2 - (math.pi - theta) / (2 * math.pi)
    ours = float(expected_gradient(Parameters(w)).w)
    assert abs(ours - 2 * tian) <= 2 * GRADIENT_ERROR * (abs(w) + 1)


def test_tian_2017_one_relu_learns_from_half_of_all_small_starts():
    # The same: convergence for one ReLU with probability at least (1 - epsilon) / 2; in one dimension it is 1/2.
    starts = np.random.default_rng(5).normal(0, 1e-3, 200)
    found = basins(Parameters(starts), until=60.0)
    learns = np.array([found.points[i].kind == "global minimum" for i in found.reached])
    assert (learns == (starts > 0)).all()


def test_du_hu_lee_2018_layers_stay_balanced():
    # Du, Hu and Lee (2018), "Algorithmic regularization in learning deep homogeneous models: layers are automatically
    # balanced": under gradient flow the difference between the squared norms of successive layers is constant. With a
    # bias in the first layer the bias belongs to its norm. A start with equal norms keeps them equal.
    start = Parameters(0.75, 1.0, 1.25, -0.5)  # 0.75^2 + 1 = 1.25^2
    path = gradient_flow(start, trainable=("w", "b", "v", "d"), until=20.0)
    gap = np.abs(path.parameters.v**2 - path.parameters.w**2 - path.parameters.b**2)
    assert float(gap.max()) == path.drift
    # An Euler step of length h changes it by h^2 (gv^2 - gw^2 - gb^2): the integrator does far better.
    assert path.drift < 1e-3 * float(np.ptp(path.parameters.v**2))


def test_lu_et_al_2020_a_neuron_without_bias_is_dead_for_nobody_and_with_bias_for_few():
    # Lu, Shin, Su and Karniadakis (2020), "Dying ReLU and initialization: theory and numerical examples": a ReLU is
    # dead if it puts out 0 for every input of the domain. On x in [-r, r] the neuron w x + b with w, b standard normal
    # is dead iff b <= -r |w|, which has probability arctan(1 / r) / pi. On all reals, r -> infinity, it is nobody.
    w, b = np.random.default_rng(6).standard_normal((2, 20_000))
    r = 2.0
    share = float((b <= -r * np.abs(w)).mean())
    expected = math.atan(1 / r) / math.pi
    assert abs(share - expected) < 5 * math.sqrt(expected * (1 - expected) / 20_000)
    assert float(activation_probability(Parameters(w, b)).min()) >= 0
    assert (activation_probability(Parameters(w)) == 0.5).all()


def reddi_kale_kumar(optimizer, steps):
    """f_t(x) = 1010 x for t = 1 mod 101 and -10 x otherwise, x kept in [-1, 1]; the learning rate ~ 1 / sqrt t."""
    parameters = Parameters(0.0, None, None, None)
    state = optimizer.init(Parameters(0.0))
    path = np.empty(steps)
    for t in range(1, steps + 1):
        gradient = Parameters(1010.0 if t % 101 == 1 else -10.0, None, None, None)
        rate = Adam(
            learning_rate=optimizer.learning_rate / math.sqrt(t),
            beta_1=optimizer.beta_1,
            beta_2=optimizer.beta_2,
            amsgrad=optimizer.amsgrad,
        )
        parameters, state = rate.step(parameters, gradient, state)
        parameters = parameters._replace(w=min(1.0, max(-1.0, float(parameters.w))))
        path[t - 1] = parameters.w
    return path


def test_reddi_kale_kumar_2018_adam_ends_at_the_worst_point_and_amsgrad_does_not():
    # Reddi, Kale and Kumar (2018), "On the convergence of Adam and beyond", synthetic experiment: the gradients of 101
    # steps add up to +10, so that the best point is -1. Adam with beta_2 = 0.99 forgets the rare large gradient before
    # the next one and goes to +1; AMSGrad, which keeps the largest velocity, goes towards -1.
    common = {"learning_rate": 1.0, "beta_1": 0.9, "beta_2": 0.99}
    adam, amsgrad = (reddi_kale_kumar(Adam(**common, amsgrad=a), 6000) for a in (False, True))
    assert adam[-101:].mean() > 0.9
    assert amsgrad[-101:].mean() < 0
    assert amsgrad[-101:].mean() < amsgrad[1000:1101].mean()


def test_reddi_kale_kumar_2018_theorem_1_period_three():
    # The same, theorem 1: f_t(x) = C x for t = 1 mod 3, -x otherwise, beta_1 = 0, beta_2 = 1 / (1 + C^2), C > 2. Adam
    # is at +1 after every third step, where the regret per period is 2 (C - 2), though x = -1 is best. That Adam has
    # no bias correction, of which nothing is left after a few steps.
    c = 4.0
    optimizer = Adam(learning_rate=0.5, beta_1=0.0, beta_2=1 / (1 + c * c), epsilon=0.0)
    state, w = optimizer.init(Parameters(1.0)), 1.0
    for t in range(1, 301):
        rate = Adam(learning_rate=0.5 / math.sqrt(t), beta_1=0.0, beta_2=optimizer.beta_2, epsilon=0.0)
        gradient = Parameters(c if t % 3 == 1 else -1.0, None, None, None)
        moved, state = rate.step(Parameters(w, None, None, None), gradient, state)
        w = min(1.0, max(-1.0, float(moved.w)))
        assert t % 3 or w == 1.0


def test_maas_2013_a_leaky_unit_gets_a_gradient_where_a_relu_gets_none():
    # Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models": a leaky unit has a
    # small, non-zero gradient when it is not active. At w = 0- that is -s here, and 0 for the ReLU.
    for s in (0.0, 0.01):
        assert float(expected_gradient(Parameters(0.0), negative_slope=s, side="left").w) == -s
