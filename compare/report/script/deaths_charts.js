// What is drawn of figure 3: the map, the neuron over its inputs, and the price of a slope.

"use strict";

const STARTS_FROM_TO = [-3, 3];
const WHOLE_NUMBERS = [-3, -2, -1, 0, 1, 2, 3];
const NEURON_VIEW = { x: [-4, 4], y: [-2, 5] }; // what is seen of the neuron's answers
const HILL_HEIGHT = 1.6; // height of the density's peak, in units of y
const END_SIGNS = {
  learned: "M-4 0L-1 3L4 -3",
  way: "M-4 0h.01M0 0h.01M4 0h.01",
  stuck: "M-4 0H4",
  dead: "M-3 -3L3 3M3 -3L-3 3",
  diverged: "M-3 3L3 -3M-1 -3H3V1",
};

/** The map with its path; `place` is called with { w, b } where a start is put. */
function drawStarts(place) {
  const [from, to] = STARTS_FROM_TO;
  const chart = drawAxes(document.getElementById("deaths-map"), {
    x: { from, to, label: "weight w", ticks: WHOLE_NUMBERS },
    y: { from, to, label: "bias b", ticks: WHOLE_NUMBERS },
    box: { height: 424 },
  });
  const cells = chart.layer("cells");
  const lines = chart.layer("plot");
  addLine(chart, lines, [[0, from], [0, to]], "zero");
  addLine(chart, lines, [[from, 0], [to, 0]], "zero");
  const under = append(lines, "polyline", { class: "path-under" });
  const line = append(lines, "polyline", { class: "path" });
  const stars = chart.layer("stars");
  const end = addMark(chart, "deaths-end", 9);
  const sign = append(end.element, "path", { class: "sign" });
  for (const shown of document.querySelectorAll("#deaths [data-sign]")) {
    shown.setAttribute("d", END_SIGNS[shown.dataset.sign]);
  }
  const moment = addMark(chart, "deaths-moment", 0);
  append(moment.element, "rect", { class: "moment", x: -5, y: -5, width: 10, height: 10, transform: "rotate(45)" });
  const start = addHandle(chart, { label: "start: w across, b up", move: ({ x, y }) => place({ w: x, b: y }) });
  letClick(chart, ({ x, y }) => place({ w: x, b: y }));

  return {
    cells: (kinds) => addCells(chart, cells, kinds),
    /** Say whether the cells still belong to settings that are no longer set. */
    old: (is) => cells.classList.toggle("old", is),
    minimum({ w, b }) {
      stars.replaceChildren();
      addStar(chart, stars, [1, 0], "target left-behind");
      const [x, y] = [chart.x(w).toFixed(2), chart.y(b).toFixed(2)];
      const larger = `translate(${x} ${y}) scale(2) translate(${-x} ${-y})`; // so that it is seen behind a path's end
      addStar(chart, stars, [w, b]).setAttribute("transform", larger);
    },
    path(path, outcome, steps) {
      for (const one of [under, line]) {
        one.setAttribute("points", pathPlaces(chart, path));
      }
      line.setAttribute("class", `path ${outcome.kind}`);
      end.element.classList.remove(...Object.keys(OUTCOMES));
      end.element.classList.add(outcome.kind);
      sign.setAttribute("d", END_SIGNS[outcome.kind]);
      end.put([path.w[steps], path.b[steps]]);
      start.put([path.w[0], path.b[0]], `w = ${plain(path.w[0])}, b = ${plain(path.b[0])}: ${OUTCOMES[outcome.kind]}`);
    },
    /** Mark a step; at the end of the path there is a mark already. */
    moment(w, b, atEnd) {
      moment.put([w, b]);
      moment.element.classList.toggle("at-end", atEnd);
    },
  };
}

/** Places of a path on a chart, without those that are less than a unit from the one before. */
function pathPlaces(chart, path) {
  const last = path.w.length - 1;
  const places = [];
  let [x, y] = [NaN, NaN];
  for (let i = 0; i <= last; i += 1) {
    const [right, down] = [clamp(chart.x(path.w[i]), -1e4, 1e4), clamp(chart.y(path.b[i]), -1e4, 1e4)];
    if (i === 0 || i === last || Math.abs(right - x) + Math.abs(down - y) >= 1) {
      [x, y] = [right, down];
      places.push(`${x.toFixed(1)},${y.toFixed(1)}`);
    }
  }
  return places.join(" ");
}

/** The step before the last at which half of a path's way is done: where it is told apart from both ends. */
function halfway(path) {
  const last = path.w.length - 1;
  const way = (i) => Math.abs(path.w[i] - path.w[i - 1]) + Math.abs(path.b[i] - path.b[i - 1]);
  let all = 0;
  for (let i = 1; i <= last; i += 1) {
    all += way(i);
  }
  let [i, done] = [0, 0];
  while (i < last - 1 && done < all / 2) {
    i += 1;
    done += way(i);
  }
  return i;
}

/** The neuron over its inputs, and how common these are. */
function drawNeuron() {
  const [from, to] = NEURON_VIEW.x;
  const [low, high] = NEURON_VIEW.y;
  const chart = drawAxes(document.getElementById("deaths-neuron"), {
    x: { from, to, label: "input x" },
    y: { from: low, to: high, label: "answer" },
    box: { height: 236, top: 26 },
  });
  const hills = chart.layer("hills");
  append(hills, "path", { class: "hill", d: hillPath(chart, from, to) });
  const answered = append(hills, "path", { class: "hill answered", d: "" });
  const lines = chart.layer("plot");
  addLine(chart, lines, [[from, 0], [to, 0]], "zero");
  const kinds = ["neuron-start", "neuron-end", "neuron-moment"];
  const [start, end, moment] = kinds.map((kind) => append(lines, "polyline", { class: kind }));
  addLine(chart, lines, [[from, 0], [0, 0], [to, to]], "neuron-target");
  const above = { class: "label end", x: chart.x(to), y: chart.inside.y - 10 }; // where no line comes
  const number = append(chart.over("numbers"), "text", above);

  function put(line, w, b, slope) {
    const kink = clamp(w === 0 ? from : -b / w, from, to);
    const answer = (x) => (w * x + b > 0 ? 1 : slope) * (w * x + b);
    const points = [from, kink, to].map((x) => [chart.x(x), clamp(chart.y(answer(x)), -1e4, 1e4)]);
    line.setAttribute("points", points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "));
  }

  return {
    run(path, steps, slope, kind) {
      put(start, path.w[0], path.b[0], slope);
      put(end, path.w[steps], path.b[steps], slope);
      end.setAttribute("class", `neuron-end ${kind}`);
    },
    /** Show a step; at the end of the run there is a line already. */
    moment(w, b, slope, atEnd) {
      put(moment, w, b, slope);
      moment.classList.toggle("at-end", atEnd);
      number.textContent = `active at the chosen step: ${percent(activeShare(w, b))}`;
      const kink = clamp(w === 0 ? (b > 0 ? from : to) : -b / w, from, to);
      const [left, right] = w < 0 ? [from, kink] : [kink, to];
      answered.setAttribute("d", left < right ? hillPath(chart, left, right) : "");
    },
  };
}

/** The area below the density between two inputs. */
function hillPath(chart, left, right) {
  const bottom = NEURON_VIEW.y[0];
  const points = [];
  for (let i = 0; i <= 60; i += 1) {
    const x = left + ((right - left) * i) / 60;
    const height = (HILL_HEIGHT * density(x)) / DENSITY_AT_ZERO;
    points.push(`${chart.x(x).toFixed(1)} ${chart.y(bottom + height).toFixed(1)}`);
  }
  const [start, end] = [left, right].map((x) => `${chart.x(x).toFixed(1)} ${chart.y(bottom)}`);
  return `M${start}L${points.join("L")}L${end}z`;
}

/** The least loss over the slope; `choose` is called with a slope. */
function drawPrice(choose) {
  const chart = drawAxes(document.getElementById("deaths-price"), {
    x: { from: -0.06, to: 1, label: "negative slope s", ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] }, // room for the ring at 0
    y: { from: -0.04, to: 0.26, label: "least loss", ticks: [0, 0.1, 0.2] },
    box: { height: 190 },
  });
  const layer = chart.layer("plot");
  const slopes = Array.from({ length: 81 }, (_, i) => i / 80);
  addLine(chart, layer, slopes.map((s) => [s, priceWithoutBias(s)]), "price-without");
  addLine(chart, layer, slopes.map((s) => [s, minimumWithBias(s).loss]), "curve");
  addText(chart, layer, [0.5, 0.135], "without a bias", "label end over-lines");
  addText(chart, layer, [0.82, 0.01], "with a bias", "label middle over-lines");
  const handle = addHandle(chart, { label: "negative slope", axes: "x", move: ({ x }) => choose(clamp(x, 0, 1)) });
  return (slope, loss) => handle.put([slope, loss], `slope ${plain(slope)}: least loss ${plain(loss)}`);
}
