// Whether w stays on its side of 0, crosses it, or diverges: for one run, and for a plane of runs.

"use strict";

const LOOK = 32; // steps between two looks at whether anything can still change
const SLICE = 8; // milliseconds of computing, after which the browser may do other things
const PLANE = { rate: [1e-3, 3], second: [0, 1] }; // the rate on a logarithmic axis
const PASSES = [
  [24, 16],
  [48, 32],
  [96, 64],
]; // cells along rate and second setting, coarse first

/** What w does in a run: "stays" on its side of 0 (that of 0 itself is the left), "crosses" it, or "diverges". */
function reachOf(run) {
  if (run.slope === 0 && (run.w === 0 || (borderOf(run) && crossingStep(run) > run.steps))) {
    return "stays";
  }
  const { slots, step, furthest } = OPTIMIZERS[run.optimizer];
  const memory = slots();
  const side = run.w > 0 ? 1 : -1;
  let crossed = false;
  let last = run.w;
  for (let i = 1; i <= run.steps; i += 1) {
    const w = stepWithoutBias(last, step, memory, run);
    if (!(Math.abs(w) <= LOST)) {
      return "diverges";
    }
    crossed ||= w * side < 0;
    if (i % LOOK === 0) {
      const safe = furthest && crossed && Math.abs(w) + (run.steps - i) * furthest(run, i, memory) < LOST;
      if (safe || (!furthest && isCaught(run, last, w))) {
        break;
      }
    }
    last = w;
  }
  return crossed ? "crosses" : "stays";
}

/**
 * Whether SGD, of which two states are known, can no more leave the half of w that they are in.
 *
 * There e, which is w less its half's stationary point, is A p^k + B q^k after k more steps, with the roots p and q of the
 * recurrence. If none of these is beyond 1, |e| never exceeds |A| + |B|; and if that is less than
 * the stationary point's distance from 0, e cannot get there. The margin is for roundings.
 */
function isCaught(run, before, now) {
  if (before > 0 !== now > 0) {
    return false;
  }
  const curvature = 1 + run.slope * run.slope;
  const still = (now > 0 ? 1 : run.slope) / curvature;
  if (still * now <= 0) {
    return false;
  }
  const { total, product } = recurrenceOf({ ...run, second: Math.fround(run.second) }, curvature);
  const [e, next] = [before - still, now - still];
  const middle = total / 2;
  const square = middle * middle - product;
  const half = Math.sqrt(Math.abs(square));
  const largest = square < 0 ? Math.sqrt(product) : Math.abs(middle) + half;
  const amplitude =
    square < 0
      ? Math.hypot(next - middle * e, half * e) / half
      : (Math.abs(next - (middle - half) * e) + Math.abs((middle + half) * e - next)) / (2 * half);
  return largest < 1 && amplitude * (1 + 1e-9) < Math.abs(still);
}

/** The rate and the second setting at the middle of a cell. */
function cellCentre(i, j, [across, up]) {
  const [low, high] = PLANE.rate.map(Math.log);
  const [bottom, top] = PLANE.second;
  return {
    rate: Math.exp(low + ((high - low) * (i + 0.5)) / across),
    second: bottom + ((top - bottom) * (j + 0.5)) / up,
  };
}

/**
 * Fill the plane of a run's settings in slices of time, coarse cells first.
 *
 * `show(kinds, size)` is called with the rows of each pass that is complete. The answer is as `whenNear` wants it.
 */
function fillPlane(run, show) {
  let [pass, cell, kinds] = [0, 0, []];
  let timer = setTimeout(slice);

  /** Compute until a time, but no further than to the end of a pass. */
  function work(until) {
    const [across, up] = PASSES[pass];
    while (performance.now() < until) {
      const [i, j] = [cell % across, Math.floor(cell / across)];
      (kinds[j] ??= []).push(reachOf({ ...run, ...cellCentre(i, j, PASSES[pass]) }));
      cell += 1;
      if (cell === across * up) {
        show(kinds, PASSES[pass]);
        [pass, cell, kinds] = [pass + 1, 0, []];
        return;
      }
    }
  }

  function slice() {
    if (pass < PASSES.length) {
      work(performance.now() + SLICE);
      timer = setTimeout(slice);
    }
  }

  function finish(until) {
    while (pass < PASSES.length && performance.now() < until) {
      work(until);
    }
  }
  return { stop: () => clearTimeout(timer), finish };
}
