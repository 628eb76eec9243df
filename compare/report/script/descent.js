// Descent on the expected loss: the path of an optimizer as its batches grow without end.

"use strict";

const LOST = 1e6; // a parameter beyond has diverged
const VANISHED = 1e-290; // a weight below is 0: what is left of it has no digits that could decide on which side of 0 it is

/**
 * Follow an optimizer on the expected gradient.
 *
 * `run` holds the start w and b, `bias` (whether b is trained), `optimizer` (a key of OPTIMIZERS),
 * `rate`, `second`, `slope` (left of the kink) and `steps`. The answer holds the states, the start
 * first, as arrays w and b, and whether the run diverged; it ends there.
 */
function descend(run) {
  const { slots, step } = OPTIMIZERS[run.optimizer];
  const [memoryOfW, memoryOfB] = [slots(), slots()];
  let { w } = run;
  let b = run.bias ? run.b : 0;
  const path = { w: [w], b: [b], diverged: false };
  for (let i = 0; i < run.steps && !path.diverged; i += 1) {
    if (run.bias) {
      const gradient = expectedLossAndGradient(w, b, run.slope);
      w = step(w, gradient.w, memoryOfW, run);
      b = step(b, gradient.b, memoryOfB, run);
    } else {
      w = stepWithoutBias(w, step, memoryOfW, run);
    }
    path.w.push(w);
    path.b.push(b);
    path.diverged = !(Math.abs(w) <= LOST && Math.abs(b) <= LOST);
  }
  return path;
}

/** One step on the expected gradient without bias. */
function stepWithoutBias(w, step, memory, run) {
  const next = step(w, slopeWithoutBias(w, run.slope), memory, run);
  return Math.abs(next) < VANISHED ? 0 : next;
}

/** The loss that belongs to the run's surface. */
function lossOf(run, w, b) {
  return run.bias ? expectedLossAndGradient(w, b, run.slope).loss : lossWithoutBias(w, run.slope);
}
