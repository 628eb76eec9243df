// Who pulls on w, and how much: forty inputs, one by one, and their sum.
//
// The loss of n inputs is the mean of their squared errors (phi(w x) - max(0, x))^2. The pull of one input
// is minus the derivative of its share, -2 phi'(w x) (phi(w x) - max(0, x)) x / n, so that all pulls add up
// to minus the slope of the loss. Without a bias phi(w x) - max(0, x) is x times a number that depends on the
// sign of x only, r on the right and l on the left. The loss of n inputs is therefore r^2 P + l^2 N, P and N
// being the sums of x^2 / n over the inputs above and below 0, and that is the expected loss, of every w and
// negative slope, as soon as P = N = 1/2: inputs that lie symmetrically and whose squares have the mean 1.

"use strict";

/**
 * Inputs that stand for N(0, 1): the middles of `number` intervals of equal probability, moved away from 0 by
 * a common factor (1.02 for forty) so that the mean of their squares is 1. `number` is even.
 */
function spreadInputs(number) {
  const right = Array.from({ length: number / 2 }, (_, i) => placeOfShare((i + 0.5) / number));
  const factor = Math.sqrt(right.length / right.reduce((sum, x) => sum + x * x, 0));
  const scaled = right.map((x) => factor * x);
  return [...scaled.map((x) => -x).reverse(), ...scaled];
}

/** The a up to which [0, a] has this probability; Newton's method, which comes from below, as the density falls. */
function placeOfShare(share) {
  let a = 0;
  for (let i = 0; i < 40; i += 1) {
    a += (share - nearMoments(a)[0]) / density(a);
  }
  return a;
}

/**
 * The pull of each input on w, NaN where it is switched off: where phi' is 0, so that the error, however
 * large it is, has no vote. At w x = 0 phi' is the negative slope, as in Keras.
 */
function pullsOn(w, slope, inputs) {
  return inputs.map((x) => {
    const gain = w * x > 0 ? 1 : slope;
    return gain === 0 ? NaN : (-2 * gain * (gain * (w * x) - Math.max(0, x)) * x) / inputs.length;
  });
}

/** The inputs below 0 and those above: how many there are, how many have a vote, and what they pull together. */
function sidesOf(inputs, pulls) {
  const sides = { below: { size: 0, votes: 0, pull: 0 }, above: { size: 0, votes: 0, pull: 0 } };
  inputs.forEach((x, i) => {
    const side = x < 0 ? sides.below : sides.above;
    side.size += 1;
    if (!Number.isNaN(pulls[i])) {
      side.votes += 1;
      side.pull += pulls[i];
    }
  });
  return sides;
}

/** The sum of the pulls: minus the slope of the loss of these inputs. */
function sumOfPulls(w, slope, inputs) {
  const { below, above } = sidesOf(inputs, pullsOn(w, slope, inputs));
  return below.pull + above.pull;
}

/**
 * Who votes, in four lines that stay where they are: how many, what each side of 0 does, and the sum beside
 * the slope of the tangent or, for a random batch, beside the sum that is expected.
 */
function votesInWords(w, slope, inputs, batch) {
  const { below, above } = sidesOf(inputs, pullsOn(w, slope, inputs));
  const votes = below.votes + above.votes;
  const [sum, tangent] = [below.pull + above.pull, slopeWithoutBias(w, slope)];
  return [
    `${votes} of ${inputs.length} inputs ${votes === 1 ? "has" : "have"} a vote.`,
    `Below 0: ${sideInWords(below, w)}.`,
    `Above 0: ${sideInWords(above, w)}.`,
    batch
      ? `Batch sum ${plain(sum)}, expected ${plain(-tangent)}.`
      : `Sum ${plain(sum)}, slope of the tangent ${plain(tangent)}.`,
  ].join("\n");
}

/** What the inputs on one side of 0 do to w. */
function sideInWords({ size, votes, pull }, w) {
  if (votes === 0) {
    return `${size} are switched off: no vote`;
  }
  if (Math.abs(pull) < 1e-12) {
    return `${size} are content: no pull`;
  }
  return `${size} pull w ${pull > 0 ? "up" : "down"} by ${plain(Math.abs(pull))}`;
}
