"""What a kink must satisfy so that the expected gradient vanishes.

The neuron faces right, y_pred = m phi(x - k) + d with m = v w, w > 0 and k = -b / w
(`teacher.facing` mirrors the other orientation), and D = phi'(z) is 1 for x > k and the
slope s for x < k. With r = y_pred - y the expected gradient is

    dL/dw = 2 v E[r D x]    dL/db = 2 v E[r D]    dL/dv = 2 E[r phi(z)]    dL/dd = 2 E[r]

Each function below has zeros exactly where those derivatives vanish that are named, as
a function of k alone: the others have been solved for, being linear. Proofs are one line
each. Shared notation: g_j = E[D^2 x^j], t_j = E[(y - d) D x^j], over = E[x - k | x > k],
var = var(x | x > k), P = P(x > k). The kink is k = a / b in the homogeneous coordinates of
`Cells`, (a : b) = (k : 1) near and (1 : 1/k) far out; that b is not the neuron's bias.

free d    by E[r] = 0, d = E[y] - m E[phi]; every expectation becomes a covariance.

`both`: w and b (or v and one of them). E[r D x] = E[r D] = 0 is a weighted regression
    of y - d on alpha x + beta with solution alpha = (g0 t1 - g1 t0) / det, beta = (g2 t0 -
    g1 t1) / det; it is a neuron with kink k iff alpha k + beta = 0, and then m = alpha.
    free d: regress on each side of k with its own intercept; the two lines must meet at k.
`output`: v alone, at v = 0: E[(y - d) phi(x - k)] = 0.
`weight`: w with b fixed: m k = -v b, so E[r D x] = 0 times k is free of w.
`bias`: b with w fixed: m is a constant, and E[r D] = 0. free d: E[r D] is, up to a
    factor, the difference between the mean of r on the two sides of k.

`dead_...`: the same for ReLU where the active side holds none of the teacher's kink. The
    residual is a line there, E[. ; x > k] decays like a density, and is replaced by the
    conditional mean E[. | x > k].
"""

from typing import NamedTuple

from compare.surface.critical.enclosures.interval import Jet
from compare.surface.critical.enclosures.normal import Cells
from compare.surface.critical.teacher import Teacher

__all__ = [
    "Problem",
    "bias",
    "both",
    "both_of_line",
    "common_slope",
    "dead_bias",
    "dead_both",
    "dead_output",
    "dead_weight",
    "derivative_moments",
    "label_moments",
    "output",
    "weight",
]


class Problem(NamedTuple):
    """A neuron that faces right, and its teacher."""

    teacher: Teacher
    s: float  # slope of the neuron, not 1
    d: float | None = 0.0  # output bias; None is trained
    gain: float = 0.0  # -v b for `weight`, m = v w for `bias`


def both(problem: Problem, cells: Cells) -> Jet:
    """Condition that w and b are stationary."""
    if problem.d is None:
        return _lines_meet(problem, cells, None)
    if problem.s == 0 and not cells.is_far:
        return _relu_both(problem.teacher, problem.d, cells)
    g0, g1, g2 = derivative_moments(problem.s, cells)
    t0, t1 = label_moments(problem, problem.d, cells)
    return cells.a * (g0 * t1 - g1 * t0) + cells.b * (g2 * t0 - g1 * t1)


def _relu_both(teacher: Teacher, d: float, cells: Cells) -> Jet:
    """`both` for a ReLU, divided by P(x > k)^2: what cancels in a tail has been cancelled by hand.

    With T_j = t_j / P that is T0 - over T1. Let y = l(x) - jump (kink - x)+ with l the teacher's line on
    the right and jump = left - right, the change of its slope. Then l - d contributes (l(k) - d) var, as
    var + over (over + k) = 1, and the rest -jump (V0 - over V1) / P, V_j the moments of `Cells.shortfall`.
    """
    v0, v1 = cells.shortfall(teacher.kink)
    rest = (v0 - cells.overshoot() * v1) / cells.upper() * (teacher.left - teacher.right)
    return (_label(teacher, cells) - d) * cells.variance() - rest


def both_of_line(problem: Problem, cells: Cells) -> Jet:
    """`both`, free d, where the target is a line of slope S: left VR - s over VL, for near cells.

    With left = E[k - x | x < k], and VR, VL what `Cells.spread` is on the right and on the left, the means
    of y on the two sides differ by S (over + left), and the slope with E[r D x] = 0 is m = S (VR + s VL) /
    (VR + s^2 VL). So the gap at the kink, S (over + left) - m (over + s left), is S (1 - s) / (VR + s^2 VL)
    times what is returned. For |k| > FAR one of the two terms is negligible, so there is no root.
    """
    other = cells.mirrored()
    left, left_spread = other.overshoot(), other.spread()
    left, left_spread = Jet(left.value, -left.slope), Jet(left_spread.value, -left_spread.slope)
    return left * cells.spread() - cells.overshoot() * left_spread * problem.s


def output(problem: Problem, cells: Cells) -> Jet:
    """Condition that v is stationary at v = 0."""
    t0, t1 = label_moments(problem, problem.teacher.mean if problem.d is None else problem.d, cells)
    return cells.b * t1 - cells.a * t0


def weight(problem: Problem, cells: Cells) -> Jet:
    """Condition that w is stationary, with b and v fixed."""
    s, centre = problem.s, problem.teacher.mean if problem.d is None else problem.d
    _, g1, g2 = derivative_moments(s, cells)
    _, t1 = label_moments(problem, centre, cells)
    if problem.d is None:
        means = cells.upper() * (1 - s) + s, cells.density() * (1 - s)
        g1, g2 = g1 - means[0] * means[1], g2 - means[1] * means[1]
    return (cells.b * g2 - cells.a * g1) * problem.gain - cells.a * t1


def bias(problem: Problem, cells: Cells) -> Jet:
    """Condition that b is stationary, with w and v fixed."""
    if problem.d is None:
        return _lines_meet(problem, cells, problem.gain)
    g0, g1, _ = derivative_moments(problem.s, cells)
    t0, _ = label_moments(problem, problem.d, cells)
    return (cells.b * g1 - cells.a * g0) * problem.gain - cells.b * t0


def dead_both(problem: Problem, cells: Cells) -> Jet:
    """`both`, where m = right: the lines d and y(k) meet at the kink."""
    y = _label(problem.teacher, cells)
    return y - (_sides(problem.teacher, cells)[1].y if problem.d is None else problem.d)


def dead_output(problem: Problem, cells: Cells) -> Jet:
    """`output`: E[(y - d) (x - k)+] / E[(x - k)+], with E[(x - k)+^2] / E[(x - k)+] = 1 / over - k."""
    centre = problem.teacher.mean if problem.d is None else problem.d
    return _label(problem.teacher, cells) - centre + (1.0 / cells.overshoot() - cells.a) * problem.teacher.right


def dead_weight(problem: Problem, cells: Cells) -> Jet:
    """`weight`: k E[r x; x > k] / density(k), and E[x | x > k] = over + k."""
    to_mean = cells.overshoot() + cells.a
    level = _label(problem.teacher, cells)
    if problem.d is None:  # k d with d = E[y] - m E[(x - k)+] and m k = gain
        centre = cells.a * problem.teacher.mean - (cells.density() - cells.a * cells.upper()) * problem.gain
    else:
        centre = cells.a * problem.d
    return centre - cells.a * level + (problem.gain - cells.a * problem.teacher.right) / to_mean


def dead_bias(problem: Problem, cells: Cells) -> Jet:
    """`bias`: E[r | x > k]."""
    if problem.d is None:
        return _lines_meet(problem, cells, problem.gain)
    m = problem.gain - problem.teacher.right
    return problem.d - _label(problem.teacher, cells) + cells.overshoot() * m


def derivative_moments(s: float, cells: Cells) -> tuple[Jet, Jet, Jet]:
    """E[D^2 x^j], j = 0, 1, 2."""
    rest = 1 - s * s
    upper, density = cells.upper(), cells.density()
    return upper * rest + s * s, density * rest, (cells.density(1) + upper) * rest + s * s


def _beyond(teacher: Teacher, cells: Cells) -> bool:
    """Whether all kinks are right of the teacher's, rather than all left of it; the formulas differ."""
    if (cells.k.low >= teacher.kink).all():
        return True
    if (cells.k.high <= teacher.kink).all():
        return False
    raise AssertionError(f"cells on both sides of the teacher's kink {teacher.kink!r}")


def _label(teacher: Teacher, cells: Cells) -> Jet:
    """Label at the kink, on the teacher's right side; the cells are near ones."""
    return (cells.a - teacher.kink) * teacher.right + teacher.level


def _right(teacher: Teacher, cells: Cells) -> tuple[Jet, Jet]:
    """E[y x^j; x > k] for j = 0, 1."""
    upper, density = cells.upper(), cells.density()
    y0 = upper * (teacher.level - teacher.right * teacher.kink) + density * teacher.right
    y1 = density * (teacher.level - teacher.right * teacher.kink) + (cells.density(1) + upper) * teacher.right
    jump = teacher.left - teacher.right
    if jump == 0 or _beyond(teacher, cells):
        return y0, y1
    v0, v1 = cells.shortfall(teacher.kink)
    return y0 - v0 * jump, y1 - v1 * jump


def label_moments(problem: Problem, d: float, cells: Cells) -> tuple[Jet, Jet]:
    """E[(y - d) D x^j], j = 0, 1."""
    s, teacher = problem.s, problem.teacher
    y0, y1 = _right(teacher, cells)
    left = s * (teacher.mean - d), s * teacher.slope
    return (y0 - cells.upper() * d) * (1 - s) + left[0], (y1 - cells.density() * d) * (1 - s) + left[1]


class _Side(NamedTuple):
    """One side of the kink: b times the mean of x, the mean of y, and P(side) times var x and cov(x, y) there."""

    scaled_x: Jet
    y: Jet
    variance: Jet
    covariance: Jet


def _lines_meet(problem: Problem, cells: Cells, m: float | None) -> Jet:
    """Return b times the gap at the kink, the line fitted to y on its right minus the one fitted on its left.

    The lines share the slope m up to the factor D; None takes the best one, E[r D x] = 0.
    Where the teacher's kink is on the right both are mirrored, which changes the sign of m, of the
    gap, and of the coordinate that a `Jet` is differentiated by.
    """
    if not _beyond(problem.teacher, cells):
        gap = _gap(problem.teacher.mirrored, (problem.s, 1.0), cells.mirrored(), None if m is None else -m)
        return Jet(-gap.value, gap.slope)
    return _gap(problem.teacher, (1.0, problem.s), cells, m)


def _gap(teacher: Teacher, slopes: tuple[float, float], cells: Cells, m: float | None) -> Jet:
    """`_lines_meet` for a teacher with its kink on the left; the lines have slopes m times `slopes`, (right, left)."""
    right, left = _sides(teacher, cells)
    steep = _common(right, left, slopes) if m is None else m
    reach = (right.scaled_x - cells.a) * slopes[0] + (cells.a - left.scaled_x) * slopes[1]
    far_label = cells.b * (teacher.level - teacher.right * teacher.kink) + right.scaled_x * teacher.right
    return far_label - cells.b * left.y - reach * steep


def common_slope(problem: Problem, cells: Cells) -> Jet:
    """Slope m with E[r D x] = 0 when the two sides of the kink have intercepts of their own."""
    if not _beyond(problem.teacher, cells):
        return -_common(*_sides(problem.teacher.mirrored, cells.mirrored()), (problem.s, 1.0))
    return _common(*_sides(problem.teacher, cells), (1.0, problem.s))


def _common(right: _Side, left: _Side, slopes: tuple[float, float]) -> Jet:
    """The m that fits lines of slopes m times `slopes`, (right, left), best to y, each with its own intercept."""
    covariance = right.covariance * slopes[0] + left.covariance * slopes[1]
    return covariance / (right.variance * slopes[0] ** 2 + left.variance * slopes[1] ** 2)


def _sides(teacher: Teacher, cells: Cells) -> tuple[_Side, _Side]:
    """Moments of the sides x > k, on which the label is a line, and x < k, the whole line's minus those."""
    lower, density = cells.lower(), cells.density()
    y0, y1 = _right(teacher, cells)
    variance = cells.spread()
    right = _Side(cells.scaled_mean(), y0, variance, variance * teacher.right)
    mean = (teacher.mean - y0) / lower
    rest = lower - cells.density(1) - density * density / lower
    left = _Side(-(cells.b * density) / lower, mean, rest, teacher.slope - y1 + mean * density)
    return right, left
