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

/** The loss around the kink; a run that is further away is shown at the edge, with an arrow. */
const NEAR_KINK = { x: { from: -2.5, to: 2.1, label: "weight w" }, y: { from: -0.1, to: 2.6, label: "expected loss" } };

/** Draw what stays; the answer's `show` moves what moves, and no axis. */
function drawRun(run) {
  const { kind, negativeSlope: slope, w: weights } = run;
  const left = drawAxes(document.getElementById("run-loss-chart"), NEAR_KINK);
  const layer = left.layer("plot");
  addLine(left, layer, [[0, -1], [0, 3]], "zero");
  addLine(left, layer, curvePoints(slope, left.ranges.x), "curve");
  addStar(left, layer, [1 / (1 + slope ** 2), lossWithoutBias(1 / (1 + slope ** 2), slope)]);
  const visited = append(layer, "path", { class: `visited ${kind}` });
  const here = addMark(left, kind);
  const right = drawAxes(document.getElementById("run-weight-chart"), {
    x: { from: 0, to: run.steps.at(-1), label: "step" },
    y: { ...around(weights), label: "weight w" },
  });
  const beside = right.layer("plot");
  addLine(right, beside, [[0, 0], [run.steps.at(-1), 0]], "zero");
  addLine(right, beside, weights.map((w, i) => [run.steps[i], w]), `path ${kind}`);
  const there = addMark(right, kind);
  const dots = weights.map((w) => `M${left.x(w).toFixed(1)} ${left.y(lossWithoutBias(w, slope)).toFixed(1)}h0`);

  function show(i) {
    visited.setAttribute("d", dots.slice(0, i + 1).join(""));
    here.put([weights[i], lossWithoutBias(weights[i], slope)]);
    there.put([run.steps[i], weights[i]]);
  }
  return { show };
}

/** A range of w that holds these weights and -2 to 2, with a margin. */
function around(weights) {
  const [low, high] = [Math.min(-2, ...weights), Math.max(2, ...weights)];
  const margin = (high - low) / 20;
  return { from: low - margin, to: high + margin };
}
