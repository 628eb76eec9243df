// Descent on the expected loss with w and b trained by SGD: whole paths, and ends alone, which may be known early.
//
// Two kinds of ends need not be waited for, if there is no momentum.
//
// Dead for good: a ReLU with w < 0, b < 0 and rate <= 1. With a = b / w, dL/dw = 2 w Q(a) < 0 and
// dL/db = 2 |w| (phi(a) - a Q(a)) > 0: w approaches 0 without passing it, as 2 rate Q <= 1, and b falls. So a
// grows, the share Q(a) shrinks, and so does every step. Once the share is at most RESOLUTION and a step too,
// they remain so, and the kink is not coming back. Q(2.16) = 0.0154 is below 1/64.
//
// There for good: within RESOLUTION (as the crow flies) of the minimum, with slope 0 to 1 and rate <= 1/2. There
// w >= 1/2 - 1/64 and b >= -1/64, so the kink is left of k = 1/31. The Hessian is 2 E[phi'^2 (x, 1)(x, 1)'], at
// most 2, plus a part of the kink, -2 k phi(k) / w (k, 1)(k, 1)' for k > 0, and 0 else. The least eigenvalue of
// the former is at least that of x > 0, 0.202, less 2 E[1 + x^2] on [0, 1/31] < 0.026; the latter takes away less
// than 2 (0.4 / 31) (64 / 31) (1 + 1/31^2) < 0.054. So 0 < 0.12 <= Hessian <= 2 on that disc, and a step
// contracts it towards the minimum, by no more than RESOLUTION.

"use strict";

const SURELY_DEAD = 2.16; // standard deviations
const QUICK_GRADIENT = new Float64Array(2);

/** The path of a run, the start first, as `descend` gives it: { w, b, diverged }. */
function walk(run) {
  const path = { w: new Float64Array(run.steps + 1), b: new Float64Array(run.steps + 1), diverged: false };
  const end = { w: run.w, b: run.b, moved: 0 };
  const taken = takeSteps(run, end, path, null);
  path.diverged = isLost(end);
  path.w = path.w.subarray(0, taken + 1);
  path.b = path.b.subarray(0, taken + 1);
  return path;
}

/** What becomes of the run's steps from a start (w, b): the key of OUTCOMES that its path has. */
function fateOf(run, w, b, minimum) {
  const end = { w, b, moved: 0 };
  takeSteps(run, end, null, minimum);
  return isLost(end) ? "diverged" : outcomeAt(run, end, [minimum]).kind;
}

/**
 * Take the run's steps from a state, in place, writing them into `path` if there is one; how many were taken.
 *
 * With a `minimum` they end where the outcome can no longer change.
 */
function takeSteps({ steps, slope, rate, second }, state, path, minimum) {
  const momentum = Math.fround(second); // as Keras rounds it
  const early = minimum !== null && second === 0;
  const mayDie = early && slope === 0 && rate <= 1;
  const mayArrive = early && slope >= 0 && slope <= 1 && rate <= 0.5;
  let { w, b } = state;
  let byW = 0;
  let byB = 0;
  let i = 0;
  if (path) {
    [path.w[0], path.b[0]] = [w, b];
  }
  while (i < steps) {
    quickGradient(w, b, slope, QUICK_GRADIENT);
    byW = byW * momentum - QUICK_GRADIENT[0] * rate;
    byB = byB * momentum - QUICK_GRADIENT[1] * rate;
    const fromW = w;
    const fromB = b;
    w += byW;
    b += byB;
    i += 1;
    state.moved = Math.max(Math.abs(w - fromW), Math.abs(b - fromB));
    if (path) {
      path.w[i] = w;
      path.b[i] = b;
    }
    if (!(Math.abs(w) <= LOST && Math.abs(b) <= LOST)) {
      break;
    }
    if (early && state.moved === 0) {
      break; // and it never will
    }
    if (mayDie && w < 0 && b < SURELY_DEAD * w && state.moved <= RESOLUTION) {
      break;
    }
    if (mayArrive && (w - minimum.w) ** 2 + (b - minimum.b) ** 2 <= RESOLUTION * RESOLUTION) {
      state.moved = Math.min(state.moved, RESOLUTION); // of the steps to come
      break;
    }
  }
  [state.w, state.b] = [w, b];
  return i;
}

/** Whether a state is beyond what counts as a number here. */
function isLost({ w, b }) {
  return !(Math.abs(w) <= LOST && Math.abs(b) <= LOST);
}
