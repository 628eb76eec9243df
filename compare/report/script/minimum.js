// The minimum of the expected loss over w and b, for a negative slope s from 0 to 1.
//
// At a minimum w > 0, and the kink is at -a, a = b / w >= 0, where the target is 0 still. With Phi and
// phi the normal distribution and its density, the two derivatives of the loss vanish where
//
//     w (s^2 + (1 - s^2) Phi(a)) = 1/2
//     w (s^2 a + (1 - s^2) (phi(a) + a Phi(a))) = phi(0).
//
// Divided one by the other that is an equation h(a) = 0 in a alone. Written with D = Phi(a) - 1/2,
// whose terms cancel nowhere near a = 0,
//
//     h(a) = s^2 (a - 2 phi(0)) + (1 - s^2) (a/2 + a D - 2 phi(0) D - (phi(0) - phi(a)))
//     h'(a) = s^2 + (1 - s^2) (Phi(a) - 2 phi(0) phi(a)).
//
// h' > 0, as Phi >= 1/2 > 2 phi(0)^2, and h' grows; h(0) = -2 phi(0) s^2 <= 0 and
// h(2 phi(0)) = (1 - s^2) phi(2 phi(0)) >= 0. So there is one root, and Newton's method that starts at
// the right end comes down to it without passing it.

"use strict";

const MOST_NEWTON_STEPS = 60; // some eight are needed

/** The minimum { w, b, loss, least } for a slope from 0 to 1; `loss` is the price of the slope. */
function minimumWithBias(slope) {
  const square = slope * slope;
  const rest = (1 - slope) * (1 + slope);
  let a = 2 * DENSITY_AT_ZERO;
  for (let i = 0; i < MOST_NEWTON_STEPS; i += 1) {
    const [inside, lost] = nearMoments(a);
    const bend = a / 2 + (a - 2 * DENSITY_AT_ZERO) * inside - lost;
    const height = square * (a - 2 * DENSITY_AT_ZERO) + rest * bend;
    const rise = square + rest * (0.5 + inside - 2 * DENSITY_AT_ZERO * density(a));
    const next = Math.max(0, a - height / rise);
    if (next >= a) {
      break; // at the root the steps no longer go down
    }
    a = next;
  }
  const w = 0.5 / (square + rest * (0.5 + nearMoments(a)[0]));
  return { w, b: w * a, loss: expectedLossAndGradient(w, w * a, slope).loss, least: true };
}

/** The least expected loss without a bias, at w = 1 / (1 + s^2). */
function priceWithoutBias(slope) {
  return (slope * slope) / (2 * (1 + slope * slope));
}
