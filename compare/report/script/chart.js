// A chart in SVG: axes with labels, and what is put into it in the units of the data.

"use strict";

const SVG = "http://www.w3.org/2000/svg";
const BOX = { width: 440, height: 300, left: 52, right: 20, top: 12, bottom: 44 };

/**
 * Draw empty axes into an svg element, over what it held.
 *
 * `x` and `y` are [low, high]. The answer's `group()` makes layers, and `x()` and `y()` are the
 * places of numbers.
 */
function drawAxes(svg, { x, y, xLabel, yLabel }) {
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${BOX.width} ${BOX.height}`);
  const right = BOX.width - BOX.right;
  const bottom = BOX.height - BOX.bottom;
  const chart = {
    x: (value) => BOX.left + ((value - x[0]) / (x[1] - x[0])) * (right - BOX.left),
    y: (value) => bottom - ((value - y[0]) / (y[1] - y[0])) * (bottom - BOX.top),
    fromX: (place) => x[0] + ((place - BOX.left) / (right - BOX.left)) * (x[1] - x[0]),
    fromY: (place) => y[0] + ((bottom - place) / (bottom - BOX.top)) * (y[1] - y[0]),
    group: (kind) => append(svg, "g", { class: kind, "clip-path": `url(#${clip})` }),
  };
  const clip = `${svg.id}-clip`;
  const inside = { x: BOX.left, y: BOX.top, width: right - BOX.left, height: bottom - BOX.top };
  append(append(svg, "clipPath", { id: clip }), "rect", inside);
  for (const value of ticks(x)) {
    append(svg, "line", { class: "grid", x1: chart.x(value), x2: chart.x(value), y1: BOX.top, y2: bottom });
    append(svg, "text", { class: "tick middle", x: chart.x(value), y: bottom + 16 }).textContent = plain(value);
  }
  for (const value of ticks(y)) {
    append(svg, "line", { class: "grid", x1: BOX.left, x2: right, y1: chart.y(value), y2: chart.y(value) });
    append(svg, "text", { class: "tick end", x: BOX.left - 6, y: chart.y(value) + 4 }).textContent = plain(value);
  }
  append(svg, "text", { class: "label middle", x: (BOX.left + right) / 2, y: BOX.height - 8 }).textContent = xLabel;
  const turned = `translate(14 ${(BOX.top + bottom) / 2}) rotate(-90)`;
  append(svg, "text", { class: "label middle", transform: turned }).textContent = yLabel;
  return chart;
}

function append(parent, name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  return parent.appendChild(element);
}

/** A line through points [[x, y], ...] of the data. */
function addLine(chart, layer, points, kind) {
  const places = points.map(([x, y]) => `${chart.x(x).toFixed(2)},${chart.y(y).toFixed(2)}`);
  return append(layer, "polyline", { class: kind, points: places.join(" ") });
}

function addDot(chart, layer, [x, y], kind, radius) {
  return append(layer, "circle", { class: kind, cx: chart.x(x).toFixed(2), cy: chart.y(y).toFixed(2), r: radius });
}

/** A star, which is the minimum wherever one is drawn. */
function addStar(chart, layer, [x, y]) {
  const corners = [];
  for (let i = 0; i < 10; i += 1) {
    const [radius, angle] = [i % 2 ? 3.6 : 9, (Math.PI * i) / 5];
    corners.push(`${chart.x(x) + radius * Math.sin(angle)},${chart.y(y) - radius * Math.cos(angle)}`);
  }
  return append(layer, "polygon", { class: "target", points: corners.join(" ") });
}

/** Four to eight round numbers between low and high. */
function ticks([low, high]) {
  const raw = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) {
    found.push(i * step);
  }
  return found;
}

/** A number in few characters, with a true minus sign and without -0. */
function plain(value, digits = 3) {
  if (value === 0) {
    return "0";
  }
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const text = size < 1e-3 || size >= 1e5 ? rounded.toExponential() : String(rounded);
  return text.replaceAll("-", "\u2212");
}

/** The loss curve over a range of w, bent at 0: points for `addLine`. */
function curvePoints(slope, [low, high]) {
  const points = [];
  for (let i = 0; i <= 240; i += 1) {
    const w = low + ((high - low) * i) / 240;
    points.push([w, lossWithoutBias(w, slope)]);
  }
  if (low < 0 && high > 0) {
    points.push([0, lossWithoutBias(0, slope)]);
    points.sort((one, other) => one[0] - other[0]);
  }
  return points;
}

/** The part around the kink at 0, which a start far away would hide. */
const CLOSE = { x: [-2.5, 2.1], top: 2.6 };

/** What a path visits, at least -2 to 2, and a margin. */
function rangeOf(values, least = [-2, 2]) {
  let [low, high] = least;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const margin = (high - low) / 20;
  return [low - margin, high + margin];
}

/** Draw the loss over w in a range, its kink and its minimum; the answer is the chart and a layer on it. */
function drawLossCurve(svg, slope, x) {
  const curve = curvePoints(slope, x);
  const top = x === CLOSE.x ? CLOSE.top : 1.05 * Math.max(...curve.map(([, loss]) => loss));
  const chart = drawAxes(svg, { x, y: [-top / 25, top], xLabel: "weight w", yLabel: "expected loss" });
  const layer = chart.group("plot");
  const best = 1 / (1 + slope ** 2);
  addLine(chart, layer, [[0, -top], [0, 2 * top]], "zero");
  addLine(chart, layer, curve, "curve");
  addStar(chart, layer, [best, lossWithoutBias(best, slope)]);
  return [chart, layer];
}
