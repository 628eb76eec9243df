// When SGD gets a ReLU from the wrong side over w = 0: the page's side of compare/theory/crossing.py.
//
// Left of 0 the pull on w is w itself. So plain SGD multiplies w by 1 - rate at every step, and the two
// forms of momentum, begun at rest, obey
//
//     heavy ball   w'' = (1 + momentum - rate) w' - momentum w
//     Nesterov     w'' = (1 + momentum) (1 - rate) w' - momentum (1 - rate) w
//
// While the roots of x^2 = total x - product are real, w only shrinks; once they are complex, it swings,
// and so crosses 0. The border is where total^2 = 4 product.

"use strict";

const BORDERS = {
  SGD: { words: ["momentum = (1 \u2212 \u221Arate)\u00B2"], at: (rate) => (1 - Math.sqrt(rate)) ** 2 },
  Nesterov: {
    words: ["momentum =", "(1 \u2212 \u221Arate) / (1 + \u221Arate)"],
    at: (rate) => (1 - Math.sqrt(rate)) / (1 + Math.sqrt(rate)),
  },
};

/** The border of a run, above which w crosses 0, for rates up to 1; undefined where no formula is known. */
function borderOf({ optimizer, w, slope }) {
  return w < 0 && slope === 0 ? BORDERS[optimizer] : undefined;
}

/** Coefficients of the recurrence of w, less the minimum, on a half where the loss has this curvature. */
function recurrenceOf({ optimizer, rate, second }, curvature) {
  const left = 1 - rate * curvature;
  return optimizer === "Nesterov"
    ? { total: (1 + second) * left, product: second * left }
    : { total: left + second, product: second };
}

/** The rate up to which SGD comes to rest in a minimum, on halves of this slope; undefined for what is not SGD. */
function settlingLimit({ optimizer, second, slope }) {
  const most = { SGD: 2 * (1 + second), Nesterov: (2 * (1 + second)) / (1 + 2 * second) }[optimizer];
  return most / (1 + slope * slope);
}

/** The first step after which w > 0, for SGD and a ReLU from any w < 0; Infinity if there is none. */
function crossingStep(run) {
  const { total, product } = recurrenceOf(run, 1);
  const first = 1 - (run.optimizer === "Nesterov" ? 1 + run.second : 1) * run.rate;
  if (first < 0) {
    return 1;
  }
  const radius = Math.sqrt(product);
  const cosine = total / (2 * radius);
  if (run.second >= 1 ? run.rate === 0 : run.second <= BORDERS[run.optimizer].at(run.rate)) {
    return Infinity;
  }
  // w at step t is radius^t cos(turn t - ahead), but for a factor
  const turn = Math.acos(cosine);
  const ahead = Math.atan((first / radius - cosine) / Math.sin(turn));
  return Math.floor((Math.PI / 2 + ahead) / turn) + 1;
}
