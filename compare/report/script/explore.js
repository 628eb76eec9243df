// The controls: start, learning rate, momentum, slope, bias; the path redraws as they move.

"use strict";

const SETTINGS = {
  w: { read: Number, show: (value) => plain(value, 4) },
  b: { read: Number, show: (value) => plain(value, 4) },
  rate: { read: (text) => 10 ** Number(text), write: Math.log10, show: (value) => plain(value, 3) },
  momentum: { read: Number, show: (value) => plain(value, 3) },
  slope: { read: Number, show: (value) => plain(value, 3) },
};
const MOST_DOTS = 200;

function startExploring(data) {
  const form = document.getElementById("explore");
  const input = (name) => form.querySelector(`[name=${name}]`);
  let axes = null;

  function settings() {
    const value = (name) => SETTINGS[name].read(input(name).value);
    return {
      w: value("w"),
      b: value("b"),
      withBias: input("bias").checked,
      close: input("close").checked,
      learningRate: value("rate"),
      momentum: value("momentum"),
      negativeSlope: value("slope"),
      steps: data.question.steps,
    };
  }

  function redraw() {
    const run = settings();
    for (const [name, setting] of Object.entries(SETTINGS)) {
      const text = setting.show(setting.read(input(name).value));
      document.getElementById(`${name}-value`).textContent = text;
      input(name).setAttribute("aria-valuetext", text);
    }
    input("b").disabled = !run.withBias;
    input("close").disabled = run.withBias;
    const path = descend(run);
    const outcome = outcomeOf(run, path, data.lossToBeat);
    const left = document.getElementById("explore-loss");
    axes = run.withBias ? drawMap(left, run, path, outcome) : drawCurve(left, run, path, outcome);
    drawHistory(document.getElementById("explore-weight"), path, outcome);
    const said = document.getElementById("explore-outcome");
    said.textContent = outcome.says;
    said.className = outcome.kind;
  }

  function put(values) {
    for (const [name, value] of Object.entries(values)) {
      input(name).value = (SETTINGS[name].write ?? String)(value);
    }
    redraw();
  }

  form.addEventListener("input", redraw);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(redraw));
  for (const button of form.querySelectorAll("[data-put]")) {
    button.addEventListener("click", () => {
      input("bias").checked = button.dataset.bias === "yes";
      put(JSON.parse(button.dataset.put));
    });
  }
  letDrag(document.getElementById("explore-loss"), (place) => {
    const values = { w: axes.fromX(place.x) };
    if (input("bias").checked) {
      values.b = axes.fromY(place.y);
    }
    put(values);
  });
  redraw();
}

/** Call `move` with places, in the units of the viewBox, while the pointer is held down. */
function letDrag(svg, move) {
  const place = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  svg.addEventListener("pointerdown", (event) => {
    svg.setPointerCapture(event.pointerId);
    move(place(event));
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) {
      move(place(event));
    }
  });
}

/** What became of a path: `kind` is good, bad or open, `says` a sentence or two. */
function outcomeOf(run, path, lossToBeat) {
  const last = path.w.length - 1;
  const [w, b] = [path.w[last], path.b[last]];
  if (path.diverged) {
    return { kind: "bad", says: `Diverges: after ${last} steps w is beyond a million.` };
  }
  const loss = lossOf(run, w, b);
  const crossed = path.w.findIndex((value) => value * Math.sign(run.w) < 0);
  const where = run.withBias ? `w = ${plain(w)}, b = ${plain(b)}` : `w = ${plain(w)}`;
  const ends = `After ${last} steps ${where}, expected loss ${plain(loss)}.`;
  const passes = crossed > 0 ? ` w crosses 0 at step ${crossed}.` : run.w < 0 ? " w never crosses 0." : "";
  if (run.negativeSlope < 0) {
    return { kind: "open", says: `${ends}${passes} A negative slope makes a second valley left of 0.` };
  }
  const bound = `${plain(lossToBeat)}, the least that a neuron facing the wrong way, or a dead one, can have`;
  return loss < lossToBeat
    ? { kind: "good", says: `Learns. ${ends}${passes} The loss is below ${bound}.` }
    : { kind: "bad", says: `Does not learn. ${ends}${passes} The loss is not below ${bound}.` };
}

/** Every so many states, and the last, so that there are not too many dots. */
function thinned(length) {
  const every = Math.max(1, Math.ceil(length / MOST_DOTS));
  const kept = [];
  for (let i = 0; i < length; i += every) {
    kept.push(i);
  }
  return kept.at(-1) === length - 1 ? kept : [...kept, length - 1];
}

function drawCurve(svg, run, path, outcome) {
  const [chart, layer] = drawLossCurve(svg, run.negativeSlope, run.close ? CLOSE.x : rangeOf(path.w));
  for (const i of thinned(path.w.length)) {
    addDot(chart, layer, [path.w[i], lossWithoutBias(path.w[i], run.negativeSlope)], `visited ${outcome.kind}`, 3);
  }
  addDot(chart, layer, [run.w, lossWithoutBias(run.w, run.negativeSlope)], "handle", 7);
  return chart;
}

function drawMap(svg, run, path, outcome) {
  const [x, y] = [rangeOf(path.w), rangeOf(path.b)];
  const chart = drawAxes(svg, { x, y, xLabel: "weight w", yLabel: "bias b" });
  const layer = chart.group("plot");
  addContours(chart, layer, run.negativeSlope, x, y);
  addLine(chart, layer, path.w.map((w, i) => [w, path.b[i]]), `path ${outcome.kind}`);
  addDot(chart, layer, [path.w.at(-1), path.b.at(-1)], `visited ${outcome.kind}`, 5);
  if (run.negativeSlope === 0) {
    addStar(chart, layer, [1, 0]);
  }
  addDot(chart, layer, [run.w, run.b], "handle", 7);
  return chart;
}

function drawHistory(svg, path, outcome) {
  const x = [0, path.w.length - 1];
  const chart = drawAxes(svg, { x, y: rangeOf(path.w), xLabel: "step", yLabel: "weight w" });
  const layer = chart.group("plot");
  addLine(chart, layer, [[x[0], 0], [x[1], 0]], "zero");
  addLine(chart, layer, path.w.map((w, i) => [i, w]), `path ${outcome.kind}`);
}
