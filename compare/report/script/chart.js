// A chart in SVG: axes that stand still, and layers for what is put into them in the units of the data.

"use strict";

const SVG = "http://www.w3.org/2000/svg";
const BOX = { width: 440, height: 300, left: 52, right: 20, top: 12, bottom: 44, gap: 0 };

/**
 * Draw empty axes into an svg element, over what it held.
 *
 * `x` and `y` are { from, to, label, log, ticks, digits }: the range, what it is called, whether it is
 * logarithmic, where its lines are, if not at round numbers, and how many digits of these count. `box` changes the size, in units
 * of the viewBox; its `gap` moves the numbers away from the axes, where a handle may lie on these.
 * The answer's `x()` and `y()` are the places of numbers, `fromX()` and `fromY()`
 * the numbers at places, `layer()` makes a group that is cut off at the axes, and `over()` one that is not.
 */
function drawAxes(svg, { x, y, box = {} }) {
  const size = { ...BOX, ...box };
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  const right = size.width - size.right;
  const bottom = size.height - size.bottom;
  const [across, up] = [scaleOf(x, size.left, right), scaleOf(y, bottom, size.top)];
  const clip = `${svg.id}-clip`;
  const inside = { x: size.left, y: size.top, width: right - size.left, height: bottom - size.top };
  append(append(svg, "clipPath", { id: clip }), "rect", inside);
  const grid = append(svg, "g", { "aria-hidden": "true" });
  for (const value of x.ticks ?? ticks(x)) {
    append(grid, "line", { class: "grid", x1: across.place(value), x2: across.place(value), y1: size.top, y2: bottom });
    append(grid, "text", { class: "tick middle", x: across.place(value), y: bottom + 16 + size.gap }).textContent = plain(value, x.digits);
  }
  for (const value of y.ticks ?? ticks(y)) {
    append(grid, "line", { class: "grid", x1: size.left, x2: right, y1: up.place(value), y2: up.place(value) });
    append(grid, "text", { class: "tick end", x: size.left - 6 - size.gap, y: up.place(value) + 4 }).textContent = plain(value, y.digits);
  }
  append(grid, "text", { class: "label middle", x: (size.left + right) / 2, y: size.height - 8 }).textContent = x.label;
  const turned = `translate(14 ${(size.top + bottom) / 2}) rotate(-90)`;
  append(grid, "text", { class: "label middle", transform: turned }).textContent = y.label;
  return {
    svg,
    inside,
    ranges: { x: [x.from, x.to], y: [y.from, y.to] },
    x: across.place,
    y: up.place,
    fromX: across.value,
    fromY: up.value,
    layer: (kind) => append(svg, "g", { class: kind, "clip-path": `url(#${clip})` }),
    over: (kind) => append(svg, "g", { class: kind }),
  };
}

/** Places of numbers between two ends of an axis, and numbers at places. */
function scaleOf({ from, to, log }, start, end) {
  const [map, back] = log ? [Math.log, Math.exp] : [(value) => value, (value) => value];
  const [low, high] = [map(from), map(to)];
  return {
    place: (value) => start + ((map(value) - low) / (high - low)) * (end - start),
    value: (place) => back(low + ((place - start) / (end - start)) * (high - low)),
  };
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

function addText(chart, layer, [x, y], text, kind = "label") {
  const element = append(layer, "text", { class: kind, x: chart.x(x).toFixed(2), y: chart.y(y).toFixed(2) });
  element.textContent = text;
  return element;
}

/** A star, which is a minimum of the expected loss wherever one is drawn. */
function addStar(chart, layer, [x, y], kind = "target") {
  const corners = [];
  for (let i = 0; i < 10; i += 1) {
    const [radius, angle] = [i % 2 ? 3.6 : 9, (Math.PI * i) / 5];
    corners.push(`${chart.x(x) + radius * Math.sin(angle)},${chart.y(y) - radius * Math.cos(angle)}`);
  }
  return append(layer, "polygon", { class: kind, points: corners.join(" ") });
}

/**
 * Colour the cells of a grid: `kinds[j][i]` is the class of the cell i along x and j along y, or
 * "" for none. Cells of one class make one path, so that a theme can colour it and print keeps it.
 */
function addCells(chart, layer, kinds) {
  const { x, y, width, height } = chart.inside;
  const rows = kinds.length;
  const paths = new Map();
  kinds.forEach((row, j) => {
    const [top, bottom] = [y + height * (1 - (j + 1) / rows), y + height * (1 - j / rows)].map((one) => one.toFixed(2));
    for (let i = 0; i < row.length; ) {
      let end = i + 1;
      while (end < row.length && row[end] === row[i]) {
        end += 1;
      }
      const [left, right] = [i, end].map((one) => (x + (width * one) / row.length).toFixed(2));
      if (row[i]) {
        paths.set(row[i], `${paths.get(row[i]) ?? ""}M${left} ${top}H${right}V${bottom}H${left}z`);
      }
      i = end;
    }
  });
  layer.replaceChildren();
  for (const [kind, d] of paths) {
    append(layer, "path", { class: `cell ${kind}`, d });
  }
}

/** Four to eight round numbers in a range, powers of ten if it is logarithmic. */
function ticks({ from, to, log }) {
  const found = [];
  if (log) {
    for (let power = Math.ceil(Math.log10(from) - 1e-9); power <= Math.log10(to) + 1e-9; power += 1) {
      found.push(Number(`1e${power}`));
    }
    return found;
  }
  const raw = (to - from) / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9 * step; i += 1) {
    found.push(i * step);
  }
  return found;
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
