// The three charts of "Who gets a vote?": the neuron over its inputs, their pulls below it, and the loss.
// The axes never move. What changes is a handful of paths, whatever the number of inputs.

"use strict";

const INPUT_AXIS = { from: -3.5, to: 3.5, ticks: [-3, -2, -1, 0, 1, 2, 3] };
const INPUT_BOX = { left: 50, right: 78 }; // common to neuron and pulls, so that an input stands above its pull
const HANDLE_AT = 1; // the x at which the neuron's line is grasped: there its height is w
const SUM_SCALE = 4; // the sum's axis, beside that of the pulls, holds four times as much
const ARROW = { length: 6, width: 2.8, shaft: 0.7 }; // of an input: the size of its head, half the width of its shaft
const SUM_ARROW = { length: 11, width: 7, shaft: 2.5 };

/** Draw what stays. `turn(w)` and `roll(w)` are called when the line or the ball is moved. */
function drawVotes({ turn, roll }) {
  const neuron = drawForty(turn);
  const pulls = drawPulls();
  const loss = drawVotesLoss(roll);
  return {
    /** Show `{ w, slope, inputs, pulls, sum, expected, batch, trail }`; `batch` says whether the inputs are random ones. */
    show(state) {
      neuron(state);
      pulls(state);
      loss(state);
    },
  };
}

function drawForty(turn) {
  const chart = drawAxes(document.getElementById("votes-neuron"), {
    x: { ...INPUT_AXIS, label: "" },
    y: { from: -2.5, to: 3.5, label: "answer", ticks: [-2, -1, 0, 1, 2, 3] },
    box: { ...INPUT_BOX, height: 250, bottom: 22 },
  });
  const plot = chart.layer("plot");
  const errors = append(plot, "path", { class: "votes-error" });
  addLine(chart, plot, [[INPUT_AXIS.from, 0], [0, 0], [INPUT_AXIS.to, INPUT_AXIS.to]], "votes-target");
  const whole = append(plot, "path", { class: "votes-uncut" });
  const answer = append(plot, "path", { class: "votes-answer" });
  const inputs = addInputs(plot);
  const beyond = chart.over("names");
  const edge = chart.inside.x + chart.inside.width + 6;
  append(beyond, "text", { class: "label votes-green", x: edge, y: chart.y(3.5) + 10 }).textContent = "target";
  const name = append(beyond, "text", { class: "label", x: edge });
  name.textContent = "neuron";
  const height = append(beyond, "text", { class: "label", x: chart.x(HANDLE_AT) + 15 });
  const handle = addHandle(chart, {
    label: "The neuron's line: turn it, its height at x = 1 is w",
    axes: "y",
    move: ({ y }) => turn(y),
  });
  return ({ w, slope, inputs: xs, pulls }) => {
    const at = (x, y) => `${placeOfInput(chart, x).toFixed(2)} ${chart.y(y).toFixed(2)}`;
    const phi = (x) => (w * x > 0 ? w * x : slope * w * x);
    const { from, to } = INPUT_AXIS;
    whole.setAttribute("d", `M${at(from, w * from)}L${at(to, w * to)}`);
    answer.setAttribute("d", `M${at(from, phi(from))}L${at(0, 0)}L${at(to, phi(to))}`);
    errors.setAttribute("d", xs.map((x) => `M${at(x, phi(x))}L${at(x, Math.max(0, x))}`).join(""));
    inputs(xs.map((x, i) => ({ x: placeOfInput(chart, x), y: chart.y(phi(x)), off: Number.isNaN(pulls[i]) })));
    const { y: top, height: inner } = chart.inside;
    const end = clamp(chart.y(phi(to)) + 4, top + 26, top + inner); // below the target's name
    name.setAttribute("y", end.toFixed(1));
    height.setAttribute("y", clamp(chart.y(w * HANDLE_AT) + (w < 0 ? -6 : 20), top + 14, top + inner - 4).toFixed(1));
    height.textContent = `w = ${plain(w)}`;
    handle.put([HANDLE_AT, w], `w = ${plain(w, 4)}`);
  };
}

function drawPulls() {
  const chart = drawAxes(document.getElementById("votes-pulls"), {
    x: { ...INPUT_AXIS, label: "input x" },
    y: { from: -0.35, to: 0.7, label: "pull on w", ticks: [-0.2, 0, 0.2, 0.4, 0.6] },
    box: { ...INPUT_BOX, height: 230, top: 14 },
  });
  const plot = chart.layer("plot");
  const { x: left, y: top, width, height } = chart.inside;
  const [zero, edge] = [chart.y(0), left + width];
  append(plot, "path", { class: "votes-zero", d: `M${left} ${zero}H${edge}` });
  const arrows = append(plot, "path", { class: "votes-arrow" });
  const inputs = addInputs(plot);

  const gauge = chart.over("gauge");
  append(gauge, "path", { class: "votes-zero", d: `M${edge + 4} ${zero}H${edge + 50}` });
  for (const value of [-1, 0, 1, 2]) {
    const y = chart.y(value / SUM_SCALE);
    append(gauge, "path", { class: "grid", d: `M${edge + 4} ${y}H${edge + 50}` });
    append(gauge, "text", { class: "tick end", x: edge + 70, y: y + 4 }).textContent = plain(value);
  }
  const sum = append(gauge, "path", { class: "votes-sum" });
  const expected = append(gauge, "path", { class: "votes-expected" });
  const names = [0, 1].map((i) => append(gauge, "text", { class: "label end", x: edge + 74, y: top + height + 18 + 18 * i }));

  /** An arrow from the zero line; one that would leave the chart ends at its edge with two heads. */
  function arrow(x, pull, { length: long, width: wide, shaft }) {
    const end = clamp(chart.y(pull), top + 1, top + height - 1);
    const way = Math.sign(end - zero);
    const head = Math.min(long, Math.abs(end - zero));
    const cut = Math.abs(chart.y(pull) - end) > 1e-6;
    const heads = (cut ? [end, end - way * (long + 2)] : [end]).map((tip) => {
      const [base, side] = [(tip - way * head).toFixed(2), (wide * head) / long];
      return `M${(x - side).toFixed(2)} ${base}L${x.toFixed(2)} ${tip.toFixed(2)}L${(x + side).toFixed(2)} ${base}z`;
    });
    const [from, to, foot] = [x - shaft, x + shaft, end - way * head].map((place) => place.toFixed(2));
    return `M${from} ${zero.toFixed(2)}V${foot}H${to}V${zero.toFixed(2)}z${heads.join("")}`;
  }

  return ({ inputs: xs, pulls, sum: together, expected: due, batch }) => {
    const d = xs.map((x, i) => (Number.isNaN(pulls[i]) ? "" : arrow(placeOfInput(chart, x), pulls[i], ARROW)));
    arrows.setAttribute("d", d.join(""));
    inputs(xs.map((x, i) => ({ x: placeOfInput(chart, x), y: zero, off: Number.isNaN(pulls[i]) })));
    sum.setAttribute("d", arrow(edge + (batch ? 16 : 27), together / SUM_SCALE, SUM_ARROW));
    expected.setAttribute("d", batch ? arrow(edge + 38, due / SUM_SCALE, SUM_ARROW) : "");
    names[0].textContent = `sum ${plain(together)}`;
    names[1].textContent = batch ? `expected ${plain(due)}` : "";
  };
}

/** Where an input stands; one in two thousand, which lies beyond the axis, at its edge. */
function placeOfInput(chart, x) {
  return chart.x(clamp(x, INPUT_AXIS.from, INPUT_AXIS.to));
}

/** Marks of inputs: a dot where it has a vote, a cross where it is switched off. */
function addInputs(layer) {
  const on = append(layer, "path", { class: "votes-on" });
  const off = append(layer, "path", { class: "votes-off" });
  return (places) => {
    const marks = (wanted, mark) =>
      places
        .filter((place) => place.off === wanted)
        .map(({ x, y }) => mark(x.toFixed(2), y.toFixed(2)))
        .join("");
    on.setAttribute("d", marks(false, (x, y) => `M${x} ${y}h0`));
    off.setAttribute("d", marks(true, (x, y) => `M${x} ${y}m-2.5 -2.5l5 5m0 -5l-5 5`));
  };
}

function drawVotesLoss(roll) {
  const chart = drawAxes(document.getElementById("votes-loss"), {
    x: { from: -2.5, to: 2.25, label: "weight w" },
    y: { from: -0.15, to: 3.75, label: "expected loss", ticks: [0, 0.5, 1, 2, 3] },
    box: { height: 310 },
  });
  const plot = chart.layer("plot");
  addLine(chart, plot, [[0, -1], [0, 4]], "zero");
  const curve = append(plot, "g", {});
  const trail = append(plot, "path", { class: "votes-trail" });
  const tangent = append(plot, "path", { class: "votes-tangent" });
  const step = append(plot, "path", { class: "votes-step" });
  const slopeIs = append(chart.over("names"), "text", { class: "label end", x: chart.inside.x + chart.inside.width - 6, y: 30 });
  const ball = addHandle(chart, {
    label: "The ball: roll it along w",
    axes: "x",
    kind: "ball",
    move: ({ x }) => roll(x),
  });
  letClick(chart, ({ x }) => roll(x));
  let drawn = null;

  function drawCurve(slope) {
    curve.replaceChildren();
    addLine(chart, curve, curvePoints(slope, chart.ranges.x), "curve");
    for (const { w, loss, least } of minimaWithoutBias(slope)) {
      addStar(chart, curve, [w, loss], least ? "target" : "target lesser");
    }
    drawn = slope;
  }

  return ({ w, slope, expected, trail: visited, next }) => {
    if (slope !== drawn) {
      drawCurve(slope);
    }
    const loss = lossWithoutBias(w, slope);
    const at = (x, y) => `${chart.x(x).toFixed(2)} ${chart.y(y).toFixed(2)}`;
    tangent.setAttribute("d", `M${at(w - 0.8, loss + 0.8 * expected)}L${at(w + 0.8, loss - 0.8 * expected)}`);
    trail.setAttribute("d", visited.map((one) => `M${at(one, lossWithoutBias(one, slope))}h0`).join(""));
    step.setAttribute("d", stepArrow(chart, w, w + next));
    slopeIs.textContent = `tangent: slope ${plain(-expected)}`;
    ball.put([w, loss], `w = ${plain(w, 4)}, expected loss ${lossInWords(loss)}, slope ${plain(-expected)}`);
  };
}

/** How far the next step goes, as an arrow along the foot of the chart. */
function stepArrow(chart, from, to) {
  const [start, tip] = [chart.x(from), chart.x(clamp(to, -1e4, 1e4))];
  const head = Math.min(8, Math.abs(tip - start));
  const base = tip - Math.sign(tip - start) * head;
  const y = chart.inside.y + chart.inside.height - 6;
  return `M${start.toFixed(2)} ${y}H${tip.toFixed(2)}M${base.toFixed(2)} ${y - head / 2}L${tip.toFixed(2)} ${y}L${base.toFixed(2)} ${y + head / 2}`;
}
