// Gradient descent on the expected loss: the path of SGD as its batches grow without end.

"use strict";

const LOST = 1e6; // a weight beyond has diverged

/**
 * Follow Keras' SGD, m <- m momentum - g rate and p <- p + m, on the expected gradient.
 *
 * `run` holds w, b, withBias, learningRate, momentum, negativeSlope and steps. The answer holds
 * the states, the start first, as arrays w and b, and whether the run diverged.
 */
function descend(run) {
  let { w, b } = run;
  if (!run.withBias) {
    b = 0;
  }
  const path = { w: [w], b: [b], diverged: false };
  let velocityW = 0;
  let velocityB = 0;
  for (let step = 0; step < run.steps && !path.diverged; step += 1) {
    const gradient = gradientOf(run, w, b);
    velocityW = velocityW * run.momentum - gradient.w * run.learningRate;
    velocityB = velocityB * run.momentum - gradient.b * run.learningRate;
    w += velocityW;
    b += velocityB;
    path.w.push(w);
    path.b.push(b);
    path.diverged = !(Math.abs(w) <= LOST && Math.abs(b) <= LOST);
  }
  return path;
}

function gradientOf(run, w, b) {
  return run.withBias
    ? expectedLossAndGradient(w, b, run.negativeSlope)
    : { w: slopeWithoutBias(w, run.negativeSlope), b: 0 };
}

/** The loss that belongs to the run's surface. */
function lossOf(run, w, b) {
  return run.withBias ? expectedLossAndGradient(w, b, run.negativeSlope).loss : lossWithoutBias(w, run.negativeSlope);
}
