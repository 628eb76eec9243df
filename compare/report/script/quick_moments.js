// The gradient of surface.js again, some ten times as fast: for maps, which need it millions of times.
//
// The same three pieces as there, with moments about 0 instead of about each piece's anchor:
//
//     dL/dw = 2 sum gain ((gain w - label) m_2 + direction gain b m_1)
//     dL/db = 2 sum gain (direction (gain w - label) m_1 + gain b m_0)
//
// where label is 1 right of 0 and 0 left of it, and m_k = E|x|^k over the piece. With phi the density,
// D = m_0 of [0, a] and Q = 1/2 - D beyond, [0, a] has the moments D, phi(0) - phi(a), D - a phi(a),
// and [a, infinity) has Q, phi(a), Q + a phi(a).
//
// Below a = 1/2 the first and second moment of [0, a] are series, integrals of x phi(x) and
// x^2 phi(x) term by term,
//
//     phi(0) a^2 sum (-a^2/2)^k / (k! (2 k + 2)),    phi(0) a^3 sum (-a^2/2)^k / (k! (2 k + 3)),
//
// of which 10 terms leave 4e-17; all else follows by sums that lose at most a factor of 3.
//
// From a = 1/2 on Q = R phi, and Mills' ratio R is taken from a table of its Taylor polynomials at
// nodes 1/64 apart. Its derivatives are those of the integral in normal.js, R^(k) = (-1)^k I_k, and
// I_(k+1) = k I_(k-1) - a I_k. What follows order 6 is at most d^7 I_7 / 7! at a distance d <= 1/128;
// I_7 / I_0 falls as a grows and is below 48 / 0.87 at 1/2, which leaves 2^-55 of R. The recursion loses
// digits, but of terms that d^k makes small: each order multiplies an error by at most (a + 1) d < 1/3,
// from d^2 on.
//
// Roundings, in units of u = 2^-53: a series 30, and what follows from both at most 100. R at most
// 100 (tailMoments) + 20 (polynomial), the density 3 + 3 a^2 / 2, so Q, phi(a) and Q + a phi(a) at most
// 2300, at REACH; D, which is 0.19 at 1/2, where Q is 0.31, at most 210; D - a phi(a), 0.015 there, at most
// 12 times that and 80. With 12 operations of the sums at most 2700: 3e-13 of the terms' magnitudes.

"use strict";

const NODES_A_UNIT = 64;
const FIRST_NODE = 0.5;
const TAYLOR_ORDER = 6;
const SERIES_TERMS = 10;
const FIRST_MOMENT = momentSeries(2);
const SECOND_MOMENT = momentSeries(3);
const MILLS = millsTable();

/** Coefficients phi(0) (-1/2)^k / (k! (2 k + add)) of the powers of a^2. */
function momentSeries(add) {
  let scale = DENSITY_AT_ZERO;
  return Float64Array.from({ length: SERIES_TERMS }, (_, k) => {
    scale /= k ? -2 * k : 1;
    return scale / (2 * k + add);
  });
}

/** Taylor coefficients of Mills' ratio at 1/2, 1/2 + 1/64, ..., orders 0 to 6 of each node in a row. */
function millsTable() {
  const nodes = (REACH - FIRST_NODE) * NODES_A_UNIT + 1;
  const table = new Float64Array(nodes * (TAYLOR_ORDER + 1));
  for (let j = 0; j < nodes; j += 1) {
    const a = FIRST_NODE + j / NODES_A_UNIT;
    const moments = tailMoments(a);
    let scale = 1;
    for (let k = 0; k <= TAYLOR_ORDER; k += 1) {
      if (k > 2) {
        moments[k] = (k - 1) * moments[k - 2] - a * moments[k - 1];
      }
      table[j * (TAYLOR_ORDER + 1) + k] = scale * moments[k];
      scale /= -(k + 1);
    }
  }
  return table;
}

/** Mills' ratio, the probability beyond a over the density at a, for a from 1/2 to REACH. */
function millsRatio(a) {
  const node = Math.round((a - FIRST_NODE) * NODES_A_UNIT);
  const d = a - FIRST_NODE - node / NODES_A_UNIT;
  const first = node * (TAYLOR_ORDER + 1);
  let sum = MILLS[first + TAYLOR_ORDER];
  for (let k = first + TAYLOR_ORDER - 1; k >= first; k -= 1) {
    sum = sum * d + MILLS[k];
  }
  return sum;
}

/** Write dL/dw and dL/db at (w, b), slope s, into `found`; at w = b = 0 phi' is s, as in Keras. */
function quickGradient(w, b, s, found) {
  const here = b > 0 ? 1 : s;
  const beyond = b > 0 ? s : 1;
  const side = b > 0 === w > 0 ? -1 : 1; // of 0, on which the neuron's kink is
  const a = w === 0 ? Infinity : Math.abs(b / w);
  let n0 = 0.5; // moments of [0, a]
  let n1 = DENSITY_AT_ZERO;
  let n2 = 0.5;
  let f0 = 0; // and beyond
  let f1 = 0;
  let f2 = 0;
  if (a < FIRST_NODE) {
    const square = a * a;
    n1 = FIRST_MOMENT[SERIES_TERMS - 1];
    n2 = SECOND_MOMENT[SERIES_TERMS - 1];
    for (let k = SERIES_TERMS - 2; k >= 0; k -= 1) {
      n1 = n1 * square + FIRST_MOMENT[k];
      n2 = n2 * square + SECOND_MOMENT[k];
    }
    n1 *= square;
    n2 *= square * a;
    f1 = DENSITY_AT_ZERO - n1;
    n0 = n2 + a * f1;
    f0 = 0.5 - n0;
    f2 = 0.5 - n2;
  } else if (a <= REACH) {
    f1 = density(a);
    f0 = f1 * millsRatio(a);
    f2 = f0 + a * f1;
    n0 = 0.5 - f0;
    n1 = DENSITY_AT_ZERO - f1;
    n2 = n0 - a * f1;
  }
  const label = side > 0 ? 1 : 0;
  const near = here * w - label;
  const far = beyond * w - label;
  const other = here * w - (1 - label);
  const b1 = here * b;
  const b2 = beyond * b;
  const byW = here * (near * n2 + side * b1 * n1 + (0.5 * other - side * b1 * DENSITY_AT_ZERO));
  const byB = here * (side * near * n1 + b1 * n0 + (0.5 * b1 - side * other * DENSITY_AT_ZERO));
  found[0] = 2 * (byW + beyond * (far * f2 + side * b2 * f1));
  found[1] = 2 * (byB + beyond * (side * far * f1 + b2 * f0));
}
