// What became of a run: the page's side of compare/theory/outcomes.py.
//
// learned     at the least expected loss there is for this slope, and that is below any straight line's
// stuck       at another point from where the gradient leads nowhere, or at a least loss that a line has too
// dead        a ReLU that hardly an input activates, and that those inputs do not bring back
// on its way  at none of these
// diverged    beyond a million

"use strict";

const RESOLUTION = 1 / 64; // how near to a point is there, in w and b, or in the share of inputs
const ROUNDED = 1e-12; // of a loss: what surface.js promises
const BATCH = 1000; // of the question: samples a step that could bring a dying neuron back
const BEST_LINE = { false: 0.25, true: 0.25 - 1 / (2 * Math.PI) }; // expected loss, without and with a bias
const OUTCOMES = {
  learned: "Learned",
  way: "On its way",
  stuck: "Stuck",
  dead: "Dead",
  diverged: "Diverged",
};

/** Share of the inputs that activate the neuron. */
function activeShare(w, b) {
  if (w === 0) {
    return b > 0 ? 1 : 0;
  }
  const a = Math.abs(b / w);
  const beyond = a > REACH ? 0 : a === 0 ? 0.5 : density(a) * tailMoments(a)[0];
  return b > 0 ? 1 - beyond : beyond;
}

/** Minima without a bias: { w, loss, least }, one right of 0 and, for a negative slope, one left of it. */
function minimaWithoutBias(slope) {
  const places = slope < 0 ? [1, slope] : [1];
  const found = places.map((one) => one / (1 + slope * slope)).map((w) => ({ w, b: 0, loss: lossWithoutBias(w, slope) }));
  const least = Math.min(...found.map(({ loss }) => loss));
  return found.map((one) => ({ ...one, least: one.loss <= least * (1 + 1e-12) }));
}

/**
 * What became of a path of `descend`: { kind, w, b, loss, share, reason }, `kind` being a key of OUTCOMES; `short` is
 * true of what has learned as far as its slope lets it, but not the target.
 *
 * `minima` are those of the run's surface, as `minimaWithoutBias` lists them.
 */
function outcomeOf(run, path, minima) {
  const last = path.w.length - 1;
  const [w, b] = [path.w[last], path.b[last]];
  if (path.diverged) {
    return { kind: "diverged", w, b, loss: Infinity, share: NaN, reason: `${run.bias ? "w or b" : "w"} is beyond a million` };
  }
  const from = Math.max(0, last - 1);
  const moved = Math.max(Math.abs(w - path.w[from]), Math.abs(b - path.b[from]));
  return outcomeAt(run, { w, b, moved }, minima);
}

/** What `outcomeOf` says of a state, given how far the last step moved it. */
function outcomeAt(run, { w, b, moved }, minima) {
  const [loss, share] = [lossOf(run, w, b), activeShare(w, b)];
  const found = (kind, reason) => ({ kind, w, b, loss, share, reason });
  if (moved <= RESOLUTION) {
    const near = (one) => Math.abs(w - one.w) <= RESOLUTION && Math.abs(b - one.b) <= RESOLUTION && w * one.w >= 0;
    const minimum = minima.find(near);
    if (minimum && !minimum.least) {
      return found("stuck", `in a minimum that is not the least, at w = ${plain(minimum.w)}`);
    }
    if (minimum && minimum.loss >= BEST_LINE[Boolean(run.bias)] - 1e-12) {
      return found("stuck", "at its least loss, which is no less than that of a straight line");
    }
    if (minimum) {
      const short = minimum.loss > 1e-12; // of the target
      const price = short ? `, which for this slope is ${plain(minimum.loss)}, not 0` : "";
      return { ...found("learned", `at its least loss${price}`), short };
    }
    if (run.slope === 0 && run.bias && share <= RESOLUTION && !comesBack(run, w, b, share)) {
      return found("dead", `active on ${percent(share)} of the inputs`);
    }
    if (run.slope === 0 && Math.abs(w) <= RESOLUTION && Math.abs(b) <= RESOLUTION && !leavesKink(run, w, b)) {
      return found("stuck", run.bias ? "at the kink, w = b = 0" : "just left of 0, where the pull on w fades out");
    }
  }
  const slowly = run.bias && run.slope > 0 && share <= RESOLUTION; // else it looks as if it were dead
  const moves = slowly ? ", but the negative slope frees it, slowly" : " and still moving";
  return found("way", `active on ${slowly ? "only " : ""}${percent(share)} of the inputs${moves}`);
}

/** The word for an outcome; a neuron whose slope keeps it from the target has not learned that. */
function outcomeWord({ kind, short = false }) {
  return OUTCOMES[kind] + (short ? ", as far as this slope can" : "");
}

/** Whether the few inputs that activate a nearly dead neuron are growing in number, and one of them is to be expected. */
function comesBack(run, w, b, share) {
  const gradient = expectedLossAndGradient(w, b, run.slope);
  return b * Math.sign(w) * gradient.w > Math.abs(w) * gradient.b && share * BATCH * run.steps >= 1;
}

/** Whether descent leads away from the kink at w = b = 0. */
function leavesKink(run, w, b) {
  const gradient = run.bias ? expectedLossAndGradient(w, b, 0) : { w: slopeWithoutBias(w, 0), b: 0 };
  return gradient.w * w + gradient.b * b < 0;
}

/** A loss; what rounding leaves of 0 is not shown as a number. */
function lossInWords(loss) {
  return loss > 0 && loss < ROUNDED ? `below ${plain(ROUNDED)}` : plain(loss);
}

/** A sentence or two: the outcome, where the run ended, and whether w crossed 0. */
function outcomeInWords(run, path, outcome) {
  const steps = path.w.length - 1;
  const where = run.bias ? `w = ${plain(outcome.w)}, b = ${plain(outcome.b)}` : `w = ${plain(outcome.w)}`;
  const crossed = path.w.findIndex((value) => value * Math.sign(run.w) < 0);
  const passes = crossed > 0 ? ` w crosses 0 at step ${count(crossed)}.` : run.w < 0 ? " w does not cross 0." : "";
  const price = outcome.kind === "diverged" ? "" : `, expected loss ${lossInWords(outcome.loss)}`;
  return `${outcomeWord(outcome)}: ${outcome.reason}. After ${count(steps)} steps ${where}${price}.${passes}`;
}
