// Recorded runs: a slider moves along one, and a button plays it, unless motion is reduced.

"use strict";

const MILLISECONDS = 30; // between two recorded states while playing

function startRuns(data) {
  const choice = document.getElementById("run-choice");
  const slider = document.getElementById("run-step");
  const button = document.getElementById("run-play");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let scene = null;
  let timer = null;

  for (const run of data.runs) {
    choice.add(new Option(run.title, run.id));
  }

  function show() {
    const run = data.runs[choice.selectedIndex];
    const i = Number(slider.value);
    const state = { step: run.steps[i], w: run.w[i], loss: run.loss[i], gradient: run.gradient[i] };
    for (const name of ["step", "w", "loss", "gradient"]) {
      const text = state[name] === undefined ? "\u2014" : name === "step" ? String(state.step) : plain(state[name], 4);
      document.getElementById(`run-${name}-value`).textContent = text;
    }
    const expected = lossWithoutBias(state.w, run.negativeSlope);
    document.getElementById("run-expected-value").textContent = plain(expected, 4);
    slider.setAttribute("aria-valuetext", `step ${state.step}: w = ${plain(state.w, 4)}, loss ${plain(expected, 4)}`);
    scene.show(i);
  }

  function choose() {
    stop();
    const run = data.runs[choice.selectedIndex];
    slider.max = run.steps.length - 1;
    slider.value = 0;
    scene = drawRun(run);
    show();
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }

  function advance() {
    if (slider.value === slider.max) {
      stop();
      return;
    }
    slider.value = Number(slider.value) + 1;
    show();
  }

  function play() {
    if (timer !== null) {
      stop();
      return;
    }
    if (slider.value === slider.max) {
      slider.value = 0;
    }
    button.textContent = "Pause";
    timer = setInterval(advance, MILLISECONDS);
  }

  function respectMotion() {
    button.hidden = still.matches;
    document.getElementById("run-still").hidden = !still.matches;
    if (still.matches) {
      stop();
    }
  }

  choice.addEventListener("change", choose);
  slider.addEventListener("input", () => {
    stop();
    show();
  });
  button.addEventListener("click", play);
  still.addEventListener("change", respectMotion);
  respectMotion();
  choice.value = data.runs.some((run) => run.id === "relu-backward") ? "relu-backward" : data.runs[0].id;
  choose();
}

const RUN_BOX = { width: 340, height: 280, right: 22 }; // of each of three charts side by side
/** What is enlarged: the kink and the minimum. */
const NEAR_KINK = { x: { from: -1, to: 1.6, label: "weight w" }, y: { from: -0.05, to: 0.85, label: "expected loss" } };

/** Draw what stays; the answer's `show` moves what moves, and no axis. */
function drawRun(run) {
  const { kind, negativeSlope: slope, w: weights } = run;
  const x = { ...around(weights), label: "weight w" };
  const top = Math.max(lossWithoutBias(x.from, slope), lossWithoutBias(x.to, slope));
  const whole = { x, y: { from: -top / 20, to: top, label: "expected loss" } };
  const curves = [drawCurve("run-loss-chart", whole, run), drawCurve("run-kink-chart", NEAR_KINK, run)];
  const { chart, layer } = curves[0];
  const [left, right] = [NEAR_KINK.x.from, NEAR_KINK.x.to].map(chart.x);
  const [low, high] = [NEAR_KINK.y.from, NEAR_KINK.y.to].map(chart.y);
  const height = Math.max(16, low - high); // to be seen
  append(layer, "rect", { class: "enlarged", x: left, y: (low + high - height) / 2, width: right - left, height });
  const beside = drawAxes(document.getElementById("run-weight-chart"), {
    x: { from: -run.steps.at(-1) / 25, to: run.steps.at(-1), label: "step" }, // room for a mark at step 0
    y: { ...around(weights), label: "weight w" },
    box: RUN_BOX,
  });
  const lines = beside.layer("plot");
  addLine(beside, lines, [[0, 0], [run.steps.at(-1), 0]], "zero");
  addLine(beside, lines, weights.map((w, i) => [run.steps[i], w]), `path ${kind}`);
  const there = addMark(beside, kind);

  function show(i) {
    curves.forEach((curve) => curve.show(i));
    there.put([run.steps[i], weights[i]]);
  }
  return { show };
}

/** The loss curve in these axes, on which `show` marks where a run is and has been. */
function drawCurve(id, axes, { kind, negativeSlope: slope, w: weights }) {
  const chart = drawAxes(document.getElementById(id), { ...axes, box: RUN_BOX });
  const layer = chart.layer("plot");
  addLine(chart, layer, [[0, axes.y.from], [0, axes.y.to]], "zero");
  addLine(chart, layer, curvePoints(slope, chart.ranges.x), "curve");
  addStar(chart, layer, [1 / (1 + slope ** 2), lossWithoutBias(1 / (1 + slope ** 2), slope)]);
  const visited = append(layer, "path", { class: `visited ${kind}` });
  const here = addMark(chart, kind);
  const dots = weights.map((w) => `M${chart.x(w).toFixed(1)} ${chart.y(lossWithoutBias(w, slope)).toFixed(1)}h0`);

  function show(i) {
    visited.setAttribute("d", dots.slice(0, i + 1).join(""));
    here.put([weights[i], lossWithoutBias(weights[i], slope)]);
  }
  return { chart, layer, show };
}

/** A range of w that holds these weights and -2 to 2, with a margin. */
function around(weights) {
  const [low, high] = [Math.min(-2, ...weights), Math.max(2, ...weights)];
  const margin = (high - low) / 20;
  return { from: low - margin, to: high + margin };
}
