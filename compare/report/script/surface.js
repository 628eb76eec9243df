// Expected loss of phi(w x + b) against the target relu(x), x ~ N(0, 1), and its gradient.
//
// phi(z) is z for z > 0 and s z otherwise. The line is cut at 0, where the target bends, and at
// k = -b/w, where the neuron does. With t >= 0 the distance from the end of a piece nearest 0,
// its anchor, the residual on each piece is r(0) + r' t, and with moments m_0, m_1, m_2 of t
//
//     E r^2 = r(0) R_0 + r' R_1,    R_0 = r(0) m_0 + r' m_1,    R_1 = r(0) m_1 + r' m_2
//     dL/dw = 2 phi' E[r x] = 2 phi' direction (anchor R_0 + R_1),    dL/db = 2 phi' R_0
//
// The contributions to the loss are nonnegative, piece by piece, and each is at least 1/14 of
// the terms it is summed from (the argument is in compare/surface/errors.py).
//
// Roundings in units of 2^-53, all of one sign: the density, which is common to a piece, 2113;
// what is not common, a moment below a = 1 (600) and 13 operations, up to 14 times in the loss.
// Both do not come together, as the density's error is small below a = 1: at most 14 * 613 =
// 8582 there, 14 * 77 + 2113 = 3191 beyond. Stated are 9000, which is 1e-12 (relative to the
// loss; for the gradient to the sum of its terms' magnitudes, which can cancel).

"use strict";

/** Loss and gradient {loss, w, b} at (w, b), slope s; at w = b = 0 phi' is s, as in Keras. */
function expectedLossAndGradient(w, b, s) {
  const [here, beyond] = b > 0 ? [1, s] : [s, 1];
  const side = b > 0 === w > 0 ? -1 : 1; // of 0, on which the neuron's kink is
  const a = w === 0 ? Infinity : Math.abs(b / w);
  const found = { loss: 0, w: 0, b: 0 };
  addPiece(found, -side, 0, here * b, here, w, HALF_LINE);
  if (a > REACH) {
    addPiece(found, side, 0, here * b, here, w, HALF_LINE);
    return found;
  }
  const weight = density(a);
  const tail = a === 0 ? HALF_LINE : tailMoments(a).map((moment) => weight * moment);
  addPiece(found, side, 0, here * b, here, w, nearMoments(a));
  addPiece(found, side, a, side > 0 ? -a : 0, beyond, w, tail);
  return found;
}

/** Add one piece: `direction` leads away from 0, `residual` is that at the anchor. */
function addPiece(found, direction, anchor, residual, gain, w, [m0, m1, m2]) {
  const slope = direction * (gain * w - (direction > 0 ? 1 : 0));
  const r0 = residual * m0 + slope * m1;
  const r1 = residual * m1 + slope * m2;
  found.loss += residual * r0 + slope * r1;
  found.w += 2 * gain * direction * (anchor * r0 + r1);
  found.b += 2 * gain * r0;
}

/** Expected loss without bias: half a square on either side of x = 0. */
function lossWithoutBias(w, s) {
  const [right, left] = w > 0 ? [w - 1, s * w] : [s * w - 1, w];
  return 0.5 * (right * right + left * left);
}

/** Its derivative: a straight line on either side of w = 0, that of the left at 0 itself. */
function slopeWithoutBias(w, s) {
  return w > 0 ? w - 1 + s * (s * w) : s * (s * w - 1) + w;
}
