// "Who gets a vote?": turn the neuron's line or roll the ball, take steps, see who pulls.

"use strict";

const VOTES_TICK = 80; // milliseconds between two pictures while playing
const VOTES_TICKS = 600; // at most, for runs that arrive nowhere
const VOTES_NEAR = 0.002; // of the place where w stays: less than a pixel
const VOTES_START = { w: -2, rate: 0.1, slope: 0 };
const LONGEST_TRAIL = 300;

function startVotes(data) {
  const element = (name) => document.getElementById(`votes-${name}`);
  const spread = spreadInputs(data.batches[0].length);
  const share = shareAddress("votes", (values) => startAt({ ...VOTES_START, ...values }));
  const picture = drawVotes({ turn: moveTo, roll: moveTo });
  const player = votesPlayer(element("play"), element("still"), { begin, advance, show: tellFields });
  const controls = bindControls(element("form"), used);
  const state = { ...controls.values, inputs: spread, batch: 0, steps: 0, trail: [], told: "" };
  let fieldW = state.w; // what the field says of w, to fewer digits than it has after some steps

  function used(values) {
    if (values.w !== fieldW) {
      player.stop();
      fieldW = state.w = values.w;
      forgetSteps();
    }
    if (values.rate !== state.rate || values.slope !== state.slope) {
      Object.assign(state, { rate: values.rate, slope: values.slope });
      forgetSteps();
    }
    show();
    share({ w: fieldW, rate: state.rate, slope: state.slope });
  }

  function moveTo(w) {
    player.stop();
    controls.put({ w: Number(w.toFixed(3)) });
  }

  /** Begin with these settings and the evenly spread inputs. */
  function startAt(values) {
    player.stop();
    Object.assign(state, { inputs: spread, batch: 0 });
    forgetSteps();
    fieldW = NaN; // so that it counts as new
    controls.put(values);
  }

  function forgetSteps() {
    Object.assign(state, { steps: 0, trail: [], told: "" });
  }

  /** Take a step with these inputs; the answer says from where, and what they pulled. */
  function step(inputs) {
    const { w, rate, slope } = state;
    // The sum of the forty in one piece: its roundings would take w across 0 at a rate of 1.
    const pull = inputs === spread ? -slopeWithoutBias(w, slope) : sumOfPulls(w, slope, inputs);
    state.trail = [...state.trail.slice(1 - LONGEST_TRAIL), w];
    Object.assign(state, { inputs, w: w + rate * pull, steps: state.steps + 1 });
    return { from: w, pull };
  }

  function oneStep() {
    const { from, pull } = step(spread);
    const moved = `${plain(state.rate)} × ${plain(pull)}, from ${plain(from, 4)} to ${plain(state.w, 4)}`;
    state.told = `Step ${count(state.steps)}: w moves by ${moved}.`;
  }

  function oneBatch() {
    const i = state.batch % data.batches.length;
    state.batch = i + 1;
    const { from, pull } = step(data.batches[i]);
    const pulls = `pull ${plain(pull)}, expected ${plain(-slopeWithoutBias(from, state.slope))}`;
    state.told = `Batch ${i + 1} of ${data.batches.length} at w = ${plain(from, 4)}: ${pulls}; w moves to ${plain(state.w, 4)}.`;
  }

  /** From where w has arrived nothing is left to be played: from the start then. */
  function begin() {
    if (arrived()) {
      controls.put({ w: VOTES_START.w });
    }
  }

  /** Some steps with inputs of the kind that is shown; whether that was the end. */
  function advance() {
    if (state.inputs !== spread) {
      oneBatch();
      return state.batch === data.batches.length || arrived();
    }
    for (let left = Math.max(1, Math.round(0.05 / state.rate)); left > 0 && !arrived(); left -= 1) {
      oneStep();
    }
    return arrived();
  }

  /** Whether w has come to where no later step takes it away. */
  function arrived() {
    const { w, rate, slope, inputs } = state;
    const largest = inputs === spread ? 1 : 0.25; // a larger rate jumps over 0, where a batch may pull harder than is expected
    const atMinimum = minimaWithoutBias(slope).some((one) => Math.abs(w - one.w) < VOTES_NEAR && w * one.w > 0);
    const fading = slope === 0 && w <= 0 && w > -VOTES_NEAR && rate <= largest;
    return (atMinimum && rate * (1 + slope ** 2) < 2) || fading || Math.abs(w) > LOST;
  }

  function show() {
    const { w, rate, slope, inputs, trail } = state;
    const batch = inputs !== spread;
    const pulls = pullsOn(w, slope, inputs);
    const sum = sumOfPulls(w, slope, inputs);
    const expected = -slopeWithoutBias(w, slope);
    picture.show({ w, slope, inputs, pulls, sum, expected, batch, trail, next: rate * sum });
    for (const name of ["words", "told"]) {
      element(name).setAttribute("aria-live", player.playing() ? "off" : "polite");
    }
    element("words").textContent = votesInWords(w, slope, inputs, batch);
    element("told").textContent = `${state.told || "No step yet. A step moves w by the learning rate times the sum."}${ending()}`;
  }

  /** What has become of w, once steps have brought it to an end. */
  function ending() {
    if (state.steps === 0 || !arrived()) {
      return "";
    }
    const { w, rate, slope, steps } = state;
    if (Math.abs(w) > LOST) {
      return ` ${OUTCOMES.diverged}.`;
    }
    const moved = rate * Math.abs(slopeWithoutBias(w, slope));
    const outcome = outcomeAt({ slope, bias: false, steps }, { w, b: 0, moved }, minimaWithoutBias(slope));
    const { kind, reason } = outcome;
    const why = w === 0 && kind === "stuck" ? "at 0, where no input has a vote" : reason;
    return kind === "way" ? "" : ` ${outcomeWord(outcome)}: ${why}.`;
  }

  /** Say w in its field, to six digits, without taking those for w. */
  function tellFields() {
    fieldW = Number(clamp(state.w, -12, 12).toPrecision(6));
    controls.put({ w: fieldW });
  }

  for (const [name, take] of [["step", oneStep], ["batch", oneBatch]]) {
    element(name).addEventListener("click", () => {
      player.stop();
      take();
      tellFields();
    });
  }
  element("reset").addEventListener("click", () => startAt(VOTES_START));
  for (const button of document.querySelectorAll("#votes [data-w]")) {
    button.addEventListener("click", () => startAt({ w: button.dataset.w, slope: button.dataset.slope }));
  }
  show();
}

/** Play and pause: `advance()` and `show()` at every tick, until the former says that this was the end; hidden where motion is reduced. */
function votesPlayer(button, still, { begin, advance, show }) {
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = null;
  let ticks = 0;

  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }

  function tick() {
    ticks += 1;
    if (advance() || ticks >= VOTES_TICKS) {
      stop();
    }
    show();
  }

  button.addEventListener("click", () => {
    if (timer !== null) {
      stop();
      return;
    }
    begin();
    button.textContent = "Pause";
    ticks = 0;
    timer = setInterval(tick, VOTES_TICK);
  });

  function respectMotion() {
    button.hidden = reduced.matches;
    still.hidden = !reduced.matches;
    if (reduced.matches) {
      stop();
    }
  }

  reduced.addEventListener("change", respectMotion);
  respectMotion();
  return { stop, playing: () => timer !== null };
}
