// The optimizers of `reference`, one parameter at a time, in float64 and in Keras' order of operations.
//
// `slots(w)` is the memory at the start; `step(w, g, slots, settings)` changes it in place and returns
// the new w. `settings` has the learning rate as `rate` and the second setting, which the figures let
// vary beside it, as `second`; its name is in `second`. Keras rounds some constants through float32
// also in float64: those are `Math.fround` here (see `cast_like_keras` in reference/optimizers/base.py).

"use strict";

const BETA_2 = 0.999;
const EPSILON = 1e-7;
const RHO = 0.9;
const WEIGHT_DECAY = 0.004;

const OPTIMIZERS = {
  SGD: { title: "SGD", second: "momentum", usual: { rate: 0.01, second: 0 }, slots: () => [0], step: heavyBall },
  Nesterov: {
    title: "SGD, Nesterov",
    second: "momentum",
    usual: { rate: 0.01, second: 0.9 },
    slots: () => [0],
    step: nesterov,
  },
  Adam: { title: "Adam", second: "beta_1", usual: { rate: 0.001, second: 0.9 }, slots: adamSlots, step: adam },
  AMSGrad: {
    title: "Adam with AMSGrad",
    second: "beta_1",
    usual: { rate: 0.001, second: 0.9 },
    slots: adamSlots,
    step: (w, g, slots, settings) => adam(w, g, slots, settings, true),
  },
  AdamW: {
    title: "AdamW",
    second: "beta_1",
    usual: { rate: 0.001, second: 0.9 },
    slots: adamSlots,
    step: (w, g, slots, settings) => adam(w - w * Math.fround(WEIGHT_DECAY) * settings.rate, g, slots, settings),
  },
  RMSprop: {
    title: "RMSprop",
    second: "momentum",
    usual: { rate: 0.001, second: 0 },
    slots: () => [0, 0],
    step: rmsprop,
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
