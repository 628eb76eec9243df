// A run in two charts: its first steps as arcs that hop along the loss, and all its steps over time.

"use strict";

const HOPS = 60;
const TOGETHER = 4; // hops in one path, as each element takes time
const NUMBERED = [10, 20, 30, 40, 50, 60, 1, 2, 3, 5]; // which are written, the more important first
const APART = 17; // between two of these numbers, in units of the chart
const SIZES = [2, 4, 8, 13]; // how far from 0 the charts reach, for starts from near to far
const ENOUGH = 360; // points in a line that is no wider

/** Ranges of the charts: they depend on start and slope alone, so that they hold still while anything else changes. */
function hopRanges({ w, slope }) {
  const size = SIZES.find((one) => Math.abs(w) <= 0.93 * one);
  const most = Math.max(lossWithoutBias(-size, slope), lossWithoutBias(size, slope));
  return { w: [-size, size], loss: [-0.17 * most, 1.2 * most] };
}

/** Draw the loss curve; the answer's `show(path)` draws the arcs. */
function drawLossForHops(svg, run) {
  const { w: across, loss: up } = hopRanges(run);
  const chart = drawAxes(svg, {
    x: { from: across[0], to: across[1], label: "weight w" },
    y: { from: up[0], to: up[1], label: "expected loss" },
    box: { height: 250 },
  });
  const behind = chart.layer("plot");
  addLine(chart, behind, [[0, up[0]], [0, up[1]]], "zero");
  addLine(chart, behind, curvePoints(run.slope, across), "curve");
  for (const [share, words] of [[-0.5, "wrong way"], [0.5, "right way"]]) {
    addText(chart, chart.over("sides"), [across[1] * share, up[1] - 0.07 * (up[1] - up[0])], words, "tick middle");
  }
  const arcs = chart.layer("hops");
  for (const { w, loss, least } of minimaWithoutBias(run.slope)) {
    addStar(chart, chart.layer("minima"), [w, loss], least ? "target" : "target lesser");
  }
  const numbers = chart.layer("numbers");
  const start = addMark(chart, "start", 6);
  const end = addMark(chart, "after", 4.5);

  function show(path) {
    const seen = path.w.slice(0, HOPS + 1).map((w) => [w, lossWithoutBias(w, run.slope)]);
    const places = seen.map(([w, loss]) => [chart.x(w), chart.y(loss)].map((one) => clamp(one, -2000, 2000)));
    addHops(arcs, places, 90);
    addNumbers(numbers, places, NUMBERED);
    start.put(seen[0]);
    end.put(seen.at(-1));
  }
  return { show };
}

/** Arcs from each place to the next, fading from one group of them to the next. */
function addHops(layer, places, highest) {
  layer.replaceChildren();
  for (let first = 1; first < places.length; first += TOGETHER) {
    const last = Math.min(first + TOGETHER, places.length);
    const opacity = (1 - (0.7 * (first - 1)) / (places.length - 1)).toFixed(2);
    let arcs = "";
    for (let i = first; i < last; i += 1) {
      arcs += arc(places[i - 1], places[i], highest);
    }
    append(layer, "path", { class: "hop", d: arcs, "stroke-opacity": opacity });
  }
}

/** From one point over to another: the wider, the higher. */
function arc([x, y], [toX, toY], highest) {
  const height = clamp(Math.abs(toX - x) * 0.6, 7, highest);
  const places = [x, y, (x + toX) / 2, Math.min(y, toY) - height, toX, toY].map((one) => one.toFixed(1));
  return `M${places[0]} ${places[1]}Q${places.slice(2).join(" ")}`;
}

/** Numbers of steps below the points where they land, where there is room. */
function addNumbers(layer, places, numbered) {
  const taken = [places[0]];
  layer.replaceChildren();
  for (const i of numbered.filter((one) => one < places.length)) {
    const [x, y] = places[i];
    if (taken.every(([otherX, otherY]) => Math.hypot(x - otherX, y - otherY) >= APART)) {
      append(layer, "text", { class: "tick middle", x: x.toFixed(1), y: (y + 19).toFixed(1) }).textContent = i;
      taken.push([x, y]);
    }
  }
}

/** Draw the axes of w over the steps; the answer's `show(path, kind, words)` draws the run. */
function drawWeights(svg, run) {
  const [low, high] = hopRanges(run).w;
  const chart = drawAxes(svg, {
    x: { from: 0, to: run.steps, label: "step" },
    y: { from: low, to: high, label: "weight w" },
    box: { height: 140 },
  });
  const layer = chart.layer("plot");
  addLine(chart, layer, [[0, 0], [run.steps, 0]], "zero");
  const line = addLine(chart, layer, [], "path");
  const end = addMark(chart, "", 6);
  const word = append(chart.over("word"), "text", { class: "label end" });

  function show(path, kind, words) {
    const last = path.w.length - 1;
    const points = thinned(path.w, ENOUGH).map(([i, w]) => [chart.x(i), clamp(chart.y(w), -2000, 2000)]);
    line.setAttribute("points", points.map((point) => point.map((one) => one.toFixed(1)).join()).join(" "));
    line.setAttribute("class", `path ${kind}`);
    end.element.setAttribute("class", `mark ${kind}`);
    end.element.firstChild.setAttribute("class", `here ${kind}`);
    const { y } = end.put([last, path.w[last]]);
    const { inside } = chart;
    word.setAttribute("x", clamp(chart.x(last), inside.x + 90, inside.x + inside.width - 4).toFixed(1));
    word.setAttribute("y", (y > inside.y + 30 ? y - 11 : y + 22).toFixed(1));
    word.textContent = words;
  }
  return { show };
}

/** Points [i, value] that draw the same line: of every stretch the lowest and the highest, in order. */
function thinned(values, stretches) {
  if (values.length <= 2 * stretches) {
    return values.map((value, i) => [i, value]);
  }
  const points = [[0, values[0]]];
  for (let k = 0; k < stretches; k += 1) {
    const [from, to] = [k, k + 1].map((one) => Math.round((one * values.length) / stretches));
    let [least, most] = [from, from];
    for (let i = from; i < to; i += 1) {
      least = values[i] < values[least] ? i : least;
      most = values[i] > values[most] ? i : most;
    }
    points.push(...[Math.min(least, most), Math.max(least, most)].map((i) => [i, values[i]]));
  }
  points.push([values.length - 1, values.at(-1)]);
  return points;
}
