// Figure 3: where neurons with a bias die, and what a negative slope that rescues them costs.

"use strict";

const PLAY_FRAMES = 120; // of a run that is played
const PLAY_INTERVAL = 35; // milliseconds
const FATES = {
  learned: "have learned",
  way: "are on their way",
  stuck: "are stuck",
  dead: "are dead",
  diverged: "have diverged",
};

function startDeaths() {
  const at = (name) => document.getElementById(`deaths-${name}`);
  const [slider, button] = [at("step"), at("play")];
  const map = drawStarts((place) => controls.put(roundedStart(place)));
  const neuron = drawNeuron();
  const price = drawPrice((slope) => controls.put(roundedStart({ slope })));
  const share = shareAddress("deaths", (values) => controls.put(values));
  const play = playAlong(slider, button, at("still"), moment);
  let mapped = ""; // the settings that the map is of
  const fill = whenNear(at("map"));
  let run = null;
  let path = null;
  let minimum = null;

  function change() {
    play.stop();
    const { w, b, slope, rate, momentum, steps } = controls.values;
    run = { w, b, bias: true, optimizer: "SGD", slope, rate, second: momentum, steps };
    minimum = minimumWithBias(slope);
    path = walk(run);
    const taken = path.w.length - 1;
    const outcome = outcomeOf(run, path, [minimum]);
    map.minimum(minimum);
    map.path(path, outcome, taken);
    price(slope, minimum.loss);
    neuron.run(path, taken, slope, outcome.kind);
    at("outcome").textContent = outcomeInWords(run, path, outcome); // words last, as they make the page lay itself out
    at("outcome").className = `outcome ${outcome.kind}`;
    at("best").textContent = slopePriceInWords(slope, minimum);
    slider.max = taken;
    slider.value = halfway(path);
    play.rewind();
    moment();
    const settings = [slope, rate, momentum, steps].join();
    if (settings !== mapped) {
      mapped = settings;
      mapAgain();
    }
  }

  function mapAgain() {
    map.old(true);
    at("counts").textContent = `Computing what becomes of ${STARTS} × ${STARTS} starts …`;
    fill(() => mapStarts(run, minimum, { x: STARTS_FROM_TO, y: STARTS_FROM_TO }, showStarts));
  }

  function showStarts(kinds, counts) {
    map.cells(kinds);
    map.old(false);
    if (counts) {
      at("counts").textContent = startCountsInWords(counts, run);
    }
  }

  function moment() {
    const i = Number(slider.value);
    const [w, b] = [path.w[i], path.b[i]];
    const last = i === path.w.length - 1;
    map.moment(w, b, last);
    neuron.moment(w, b, run.slope, last);
    at("chosen").classList.toggle("last", last);
    const active = percent(activeShare(w, b));
    const where = `w = ${plain(w)}, b = ${plain(b)}`;
    at("step-value").textContent = count(i);
    at("moment").textContent =
      `At step ${count(i)} ${where}: ${active} of the inputs activate it; ` +
      `expected loss ${lossInWords(lossOf(run, w, b))}.`;
    slider.setAttribute("aria-valuetext", `step ${count(i)}: ${where}, active on ${active} of the inputs`);
  }

  const controls = bindControls(at("settings"), (values) => {
    change();
    share(values);
  });
  for (const preset of at("presets").children) {
    preset.addEventListener("click", () => controls.put({ rate: 0.01, momentum: 0, steps: 2000, ...preset.dataset }));
  }
  change();
}

/** Numbers as finely as a pointer can choose them. */
function roundedStart(values) {
  const digits = (name) => (name === "slope" ? 3 : 2);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toFixed(digits(name)))]));
}

function slopePriceInWords(slope, { w, b, loss }) {
  const where = `Negative slope ${plain(slope)}: the least loss is at w = ${plain(w)}, b = ${plain(b)}`;
  const without = ` (without a bias ${plain(priceWithoutBias(slope))})`;
  return `${where}; it is ${plain(loss)}${loss === 0 ? "" : without}.`;
}

function startCountsInWords(counts, { steps, rate }) {
  const all = STARTS * STARTS;
  const parts = Object.entries(counts).filter(([, number]) => number > 0);
  const words = parts.map(([kind, number]) => `${percent(number / all)} ${FATES[kind]}`);
  const when = `After ${count(steps)} steps with learning rate ${plain(rate)}`;
  return `${when}, of these ${STARTS} × ${STARTS} starts ${words.join(", ")}.`;
}

/**
 * Let a button move a slider along a run, slowly at first, when most happens, and never where motion is reduced.
 *
 * `show` is called whenever the slider has moved, by the button or by hand; the answer's `stop` ends the playing,
 * and after `rewind` it begins at 0, wherever the slider is.
 */
function playAlong(slider, button, note, show) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = null;
  let frame = 0;
  let rewound = false;

  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }

  function advance() {
    frame += 1;
    slider.value = Math.round(Number(slider.max) * (frame / PLAY_FRAMES) ** 2);
    show();
    if (frame >= PLAY_FRAMES) {
      stop();
    }
  }

  function respectMotion() {
    button.hidden = still.matches;
    note.hidden = !still.matches;
    if (still.matches) {
      stop();
    }
  }

  button.addEventListener("click", () => {
    if (timer !== null) {
      stop();
      return;
    }
    const share = Number(slider.value) / Number(slider.max);
    frame = rewound || share >= 1 ? 0 : Math.floor(PLAY_FRAMES * Math.sqrt(share));
    rewound = false;
    button.textContent = "Pause";
    timer = setInterval(advance, PLAY_INTERVAL);
  });
  slider.addEventListener("input", () => {
    stop();
    rewound = false;
    show();
  });
  still.addEventListener("change", respectMotion);
  respectMotion();
  function rewind() {
    rewound = true;
  }

  return { stop, rewind };
}
