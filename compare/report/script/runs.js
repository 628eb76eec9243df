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
    scene = drawRun(run, data.lossToBeat);
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

/** Draw what stays; the answer's `show` moves what moves. */
function drawRun(run, lossToBeat) {
  const kind = lossWithoutBias(run.w.at(-1), run.negativeSlope) < lossToBeat ? "good" : "bad";
  const points = run.w.map((w) => [w, lossWithoutBias(w, run.negativeSlope)]);
  const history = run.w.map((w, i) => [run.steps[i], w]);
  const right = drawAxes(document.getElementById("run-weight-chart"), {
    x: [0, run.steps.at(-1)],
    y: rangeOf(run.w),
    xLabel: "step",
    yLabel: "weight w",
  });
  const beside = right.group("plot");
  addLine(right, beside, [[0, 0], [run.steps.at(-1), 0]], "zero");
  addLine(right, beside, history, `path ${kind}`);
  const there = addDot(right, beside, history[0], `here ${kind}`, 8);

  function show(i) {
    const svg = document.getElementById("run-loss-chart");
    const range = Math.abs(run.w[i]) < 2 ? CLOSE.x : rangeOf([run.w[i]]); // nearer as w comes near the kink
    const [left, layer] = drawLossCurve(svg, run.negativeSlope, range);
    points.slice(0, i + 1).forEach((point) => addDot(left, layer, point, `visited ${kind}`, 3));
    addDot(left, layer, points[i], `here ${kind}`, 8);
    there.setAttribute("cx", right.x(history[i][0]));
    there.setAttribute("cy", right.y(history[i][1]));
  }
  return { show };
}
