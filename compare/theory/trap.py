r"""A proof that AMSGrad never carries a backward ReLU across zero.

Left of 0 the expected gradient of the question's ReLU is w itself, and AMSGrad does

    m' = beta_1 m + (1 - beta_1) w        w' = w - eta_t m'
    eta_t = lr sqrt(1 - beta_2^t) / (1 - beta_1^t) / (sqrt(velocity_hat) + epsilon)

With rho = m / w, both negative, and q = beta_1 rho + 1 - beta_1, one step is

    w' = w (1 - eta_t q)        rho' = F(rho, eta_t) = q / (1 - eta_t q)

F grows in both arguments. Suppose that at some step

1. 0 > w, m <= 0, w^2 <= velocity_hat and velocity <= velocity_hat: as |w| only shrinks until
   it crosses, velocity stays a mean of numbers up to velocity_hat, which never changes again;
2. 2 beta_1^t <= beta_2^t, and so for all later t: then sqrt(1 - beta_2^t) <= 1 - beta_1^t, and
   eta_t <= eta = lr / (sqrt(velocity_hat) + epsilon);
3. rho is at most the larger fixed point rho_2 of F(., eta), a root of

       eta beta_1 rho^2 - (1 - beta_1) (1 - eta) rho + 1 - beta_1 = 0,

   which is real if (1 - beta_1) eta <= (1 - sqrt beta_1)^2, the threshold of a heavy ball.

Then rho' = F(rho, eta_t) <= F(rho_2, eta) = rho_2 for ever, so that 1 - eta_t q > 0: w keeps its
sign. Adam has no such step: its divisor forgets.
"""

import math

from reference import Adam, Parameters

__all__ = ["trapped_from"]


def trapped_from(optimizer: Adam, w: float, *, steps: int = 20_000) -> int | None:
    """Step from which AMSGrad is proved never to cross w = 0, under the expected gradient of a ReLU.

    Parameters
    ----------
    optimizer : Adam
        With ``amsgrad=True``.
    w : float
        Start, negative.
    steps : int
        How far to look.

    Returns
    -------
    int or None
        None if it crosses, or nothing is proved within `steps`.

    Raises
    ------
    ValueError
        If the optimizer is not AMSGrad, or w not negative.

    Notes
    -----
    The conditions are checked in floating point, of numbers that are not close to their
    bounds when it matters; the recurrence runs in the optimizer's own steps.

    Examples
    --------
    >>> trapped_from(Adam(learning_rate=0.01, amsgrad=True), -10.0) is None
    False
    >>> trapped_from(Adam(learning_rate=0.01, amsgrad=True), -1.0) is None
    True
    """
    if type(optimizer) is not Adam or not optimizer.amsgrad:
        raise ValueError(f"trapped_from: the optimizer must be Adam(amsgrad=True), got {optimizer!r}")
    if not w < 0:
        raise ValueError(f"trapped_from: w must be negative, got {w!r}")
    parameters = Parameters(float(w), None, None, None)
    state = optimizer.init(Parameters(float(w)))
    for step in range(1, steps + 1):
        parameters, state = optimizer.step(parameters, Parameters(float(parameters.w), None, None, None), state)
        if parameters.w >= 0:
            return None
        m, v, largest = (float(state.slots[name].w) for name in ("momentum", "velocity", "velocity_hat"))
        if _is_trapped(optimizer, step, float(parameters.w), m, v, largest):
            return step
    return None


def _is_trapped(optimizer: Adam, step: int, w: float, m: float, v: float, largest: float) -> bool:
    beta = optimizer.beta_1
    if not (m <= 0 and w * w <= largest and v <= largest and 2 * beta**step <= optimizer.beta_2**step):
        return False
    eta = optimizer.learning_rate / (math.sqrt(largest) + optimizer.epsilon)
    half, product = (1 - beta) * (1 - eta) / 2, eta * beta * (1 - beta)
    if eta >= 1 or half * half < product:
        return False
    return beta == 0 or m / w * eta * beta <= half + math.sqrt(half * half - product)
