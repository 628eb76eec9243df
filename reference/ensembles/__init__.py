"""A fast path of `reference.train`: hundreds of thousands of neurons on the same batches.

Nobody needs to read it to understand the specification. All samples on one side of both
kinks, the neuron's and the teacher's, share one linear regime, so that a batch enters a
gradient through a few sums only. What is computed here is the readable neuron's gradient
for its own active samples, accumulated in float64 and rounded once, and the update is the
optimizer's own.

`choice`, `train_ensemble`
    when this can be used, and when it pays; the result as a Trajectory
`loop`, `members`, `recorded`
    blocks of batches, chunks of members, and what is recorded
`tables`
    what is made once a batch: where a neuron's kink lies among its samples, by lookup,
    exactly; sums over the samples left and right of the teacher's kink, for every rank
`kernels`, `gradients`
    for weight and bias that learn a teacher without one, gradients as lines; for any trained
    subset, gradient and loss from sums; without biases, two sums a batch
`single_run`
    the loop for one neuron without biases, on numbers
`overflow`, `neuron_fallback`
    who may be next to overflow; the readable neuron for the few members next to overflow or underflow
`scratch`
    memory for intermediate results
`shares`, `processes`
    parts of an ensemble that are trained side by side, and the processes that do

Cost of a member and step: independent of the batch size but for the tables, which are
made once a batch. Memory: states, slots and settings of the members, what is recorded,
and less than 100 MB for samples, tables and scratch with batches of up to 10,000; each
process beside this one has its own.
"""

from reference.ensembles.choice import obstacle, obstacle_in, pays
from reference.ensembles.train_ensemble import train

__all__ = ["obstacle", "obstacle_in", "pays", "train"]
