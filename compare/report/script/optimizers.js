// The optimizers of `reference`, one parameter at a time, in float64 and in Keras' order of operations.
//
// `slots()` is the memory at the start; `step(w, g, slots, settings)` changes it in place and returns
// the new w. `settings` has the learning rate as `rate` and the second setting, which the figures let
// vary beside it, as `second`; its name is in `second`. Those that divide by the size of the gradient
// have `furthest(settings, i, slots)`: none of the steps after step i can move w further, whatever the
// gradients are. Keras rounds some constants through float32 also in float64: those are `Math.fround`
// here (see `cast_like_keras` in reference/optimizers/base.py).

"use strict";

const BETA_2 = 0.999;
const EPSILON = 1e-7;
const RHO = 0.9;
const WEIGHT_DECAY = 0.004;

const ADAM = { second: "beta_1", usual: { rate: 0.001, second: 0.9 }, slots: adamSlots, furthest: furthestOfAdam };
const OPTIMIZERS = {
  SGD: { title: "SGD", second: "momentum", usual: { rate: 0.01, second: 0 }, slots: () => [0], step: heavyBall },
  Nesterov: {
    title: "SGD, Nesterov",
    second: "momentum",
    usual: { rate: 0.01, second: 0.9 },
    slots: () => [0],
    step: nesterov,
  },
  Adam: { ...ADAM, title: "Adam", step: adam },
  AMSGrad: {
    ...ADAM,
    title: "Adam with AMSGrad",
    step: (w, g, slots, settings) => adam(w, g, slots, settings, true),
  },
  AdamW: {
    ...ADAM,
    title: "AdamW",
    step: (w, g, slots, settings) => adam(w - w * Math.fround(WEIGHT_DECAY) * settings.rate, g, slots, settings),
  },
  RMSprop: {
    title: "RMSprop",
    second: "momentum",
    usual: { rate: 0.001, second: 0 },
    slots: () => [0, 0],
    step: rmsprop,
    furthest: furthestOfRmsprop,
  },
};

function heavyBall(w, g, slots, { rate, second }) {
  slots[0] = slots[0] * Math.fround(second) - g * rate;
  return w + slots[0];
}

function nesterov(w, g, slots, { rate, second }) {
  const momentum = Math.fround(second);
  slots[0] = slots[0] * momentum - g * rate;
  return w + (slots[0] * momentum - g * rate);
}

/** First and second moment, the largest second moment, and the powers of the betas. */
function adamSlots() {
  return [0, 0, 0, 1, 1];
}

function adam(w, g, slots, { rate, second }, amsgrad = false) {
  slots[3] *= Math.fround(second);
  slots[4] *= Math.fround(BETA_2);
  slots[0] += (g - slots[0]) * (1 - second);
  slots[1] += (g * g - slots[1]) * (1 - BETA_2);
  slots[2] = Math.max(slots[2], slots[1]);
  const alpha = (rate * Math.sqrt(1 - slots[4])) / (1 - slots[3]);
  return w - (slots[0] * alpha) / (Math.sqrt(amsgrad ? slots[2] : slots[1]) + EPSILON);
}

function rmsprop(w, g, slots, { rate, second }) {
  slots[0] = RHO * slots[0] + (1 - RHO) * (g * g);
  const step = (rate * g) / Math.sqrt(slots[0] + EPSILON);
  slots[1] = second * slots[1] + step;
  return w - slots[1];
}

/**
 * With weights p_k = (1 - beta_1) beta_1^k of the first moment and q_k = (1 - beta_2) beta_2^k of the second, the first
 * is at most sqrt(sum p_k^2 / q_k) times the root of the second (Cauchy and Schwarz). The correction of the
 * start makes that at most 1 / (1 - beta_1^i) times as much, less and less. The weight decay only draws w to 0.
 */
function furthestOfAdam({ rate, second }, i) {
  const shrinking = 1 - (second * second) / BETA_2;
  if (shrinking <= 0) {
    return Infinity;
  }
  return (1.001 * rate * (1 - second)) / ((1 - second ** i) * Math.sqrt((1 - BETA_2) * shrinking)); // 0.1 % for roundings
}

/** Each gradient adds at most rate / sqrt(1 - rho), and the momentum sums these up. */
function furthestOfRmsprop({ rate, second }, i, slots) {
  return 1.001 * Math.max(Math.abs(slots[1]), rate / Math.sqrt(1 - RHO) / (1 - second));
}
