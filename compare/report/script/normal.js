// Moments of the standard normal distribution, by sums of positive terms only.
//
// The page's own derivation, beside the one in compare/surface/gaussian.py. For a >= 0 let
//
//     I_k = integral from 0 to infinity of u^k exp(-a u - u^2 / 2) du,
//
// the moments of [a, infinity) about a, relative to the density at a. Integrating by parts,
// I_(k+1) = k I_(k-1) - a I_k. Forwards that cancels; backwards the ratios r_k = I_k / I_(k-1)
// obey
//
//     r_k = k / (a + r_(k+1)),    I_0 = 1 / (a + r_1),
//
// which is Laplace's continued fraction of Mills' ratio. All its terms are positive, so an
// error of r_(k+1) reaches r_k multiplied by r_(k+1) / (a + r_(k+1)) < 1, and it begins with an
// estimate, r_k ~ sqrt(k), whose error shrinks like exp(-2 a sqrt(depth)): e^-40 at the depth
// taken. For a < 1 the depth would be too great; there Kummer's series gives [0, a], and the
// tail is 1/2 less that, which leaves more than 3/10 of the larger term.
//
// Roundings, in units of u = 2^-53: a moment of `nearMoments` or, from a = 1 on, of
// `tailMoments` at most 64; a moment of `tailMoments` below a = 1 at most 600, as the
// difference doubles the error of I_0, I_1 = 1 - a I_0 doubles that, and I_2 doubles it again.
// `density` at most 3 + 3 a^2 / 2, from the rounding of a and of its square: 2113 at REACH.

"use strict";

const DENSITY_AT_ZERO = 1 / Math.sqrt(2 * Math.PI);
const REACH = 37.5; // the density beyond is below 1e-305
const HALF_LINE = [0.5, DENSITY_AT_ZERO, 0.5];

/** Density of N(0, 1) at a. */
function density(a) {
  return DENSITY_AT_ZERO * Math.exp(-0.5 * a * a);
}

/** Moments of order 0, 1, 2 about 0 of [0, a]. */
function nearMoments(a) {
  const edge = a * density(a);
  const first = -DENSITY_AT_ZERO * Math.expm1(-0.5 * a * a);
  if (a < 1) {
    const second = edge * kummer(a * a);
    return [second + edge, first, second];
  }
  const zeroth = 0.5 - density(a) * tailMoments(a)[0];
  return [zeroth, first, zeroth - edge];
}

/** p/3 + p^2/(3 5) + p^3/(3 5 7) + ..., p = a^2 below 1; 18 terms leave less than 1e-20. */
function kummer(p) {
  let term = p / 3;
  let sum = term;
  for (let j = 1; j < 18; j += 1) {
    term *= p / (2 * j + 3);
    sum += term;
  }
  return sum;
}

/** Moments of order 0, 1, 2 about a of [a, infinity), relative to the density at a. */
function tailMoments(a) {
  if (a < 1) {
    const edge = a * density(a);
    const zeroth = (0.5 - edge - edge * kummer(a * a)) / density(a);
    const first = 1 - a * zeroth;
    return [zeroth, first, zeroth - a * first];
  }
  const depth = Math.ceil(400 / (a * a)) + 8;
  let ratio = Math.sqrt(depth + 1);
  for (let k = depth; k > 2; k -= 1) {
    ratio = k / (a + ratio);
  }
  const second = 2 / (a + ratio);
  const first = 1 / (a + second);
  const zeroth = 1 / (a + first);
  return [zeroth, first * zeroth, second * first * zeroth];
}
