"""The fast path of `reference.train`: hundreds of thousands of neurons on the same batches.

All samples on one side of both kinks, the neuron's and the teacher's, share one linear
regime, so that a batch enters a gradient through a few sums only. The readable neuron
stays the specification: what is computed here is its gradient for its own active
samples, accumulated in float64 and rounded once, and the update is the optimizer's own.

`sums`
    sums over the samples left and right of the teacher's kink, for every rank
`places`
    the rank of a neuron's kink in the sorted batch, by lookup, exactly
`pieces`, `kernel`
    gradient and loss from these
`lines`
    without biases: two sums a batch
`members`, `loop`, `recorded`
    chunks of members, blocks of batches, and what is recorded
`alone`
    one neuron without biases: numbers instead of arrays
`choice`
    when this can be used, and when it pays

Cost of a member and step: independent of the batch size but for the tables, which are
made once a batch. Memory: states, slots and settings of the members, what is recorded,
and less than 100 MB for samples, tables and scratch with batches of up to 10,000.
"""

from reference.ensembles.choice import obstacle, obstacle_in, pays, require
from reference.ensembles.loop import run
from reference.ensembles.recorded import Recorded

__all__ = ["Recorded", "obstacle", "obstacle_in", "pays", "require", "run"]
