"""What can be derived about the question's neuron, one idea a file.

`crossing`: when an optimizer crosses w = 0 under the expected gradient. `batches`: the
exact probability that a random batch jumps across. `plane`: where starts that face the
wrong way end with a bias, and how fast. `slopes`: what the negative slope changes. `quadrants`: which
flips four parameters can undo. `trap`: why AMSGrad stays. `success`: which losses no
neuron has that faces the wrong way or is dead.
"""

from compare.theory.batches import escape_probability, jump_probability, log_jump_probability, median_escape_time
from compare.theory.crossing import crossing_step, crossing_threshold, crossing_time
from compare.theory.plane import dead_end, dead_kink, turning_bias
from compare.theory.quadrants import quadrant_shares
from compare.theory.slopes import SlopeStudy, slope_study
from compare.theory.trap import trapped_from

__all__ = [
    "SlopeStudy",
    "crossing_step",
    "crossing_threshold",
    "crossing_time",
    "dead_end",
    "dead_kink",
    "escape_probability",
    "jump_probability",
    "log_jump_probability",
    "median_escape_time",
    "quadrant_shares",
    "slope_study",
    "trapped_from",
    "turning_bias",
]
