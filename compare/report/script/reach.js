// Figure 2, "How far must a step reach?": the plane of two settings, a run in it, and what is said of it.

"use strict";

const LONGEST = 20_000; // steps that the control allows
const WORDS_AT = 0.78; // momentum beside which the border's formula stands
const POINTED_AT = 0.15; // rate at which a line from there meets the border

function startReach() {
  const element = (name) => document.getElementById(`reach-${name}`);
  const plane = drawPlane(element("plane"), (settings) => controls.put(settings));
  const closeup = drawCloseup(element("closeup"));
  const drawn = { hops: "", weights: "" };
  let [hops, weights, held] = [null, null, false];

  function show(values) {
    const run = { ...values, b: 0, bias: false };
    const path = descend(run);
    const outcome = outcomeOf(run, path, minimaWithoutBias(run.slope));
    nameSecond(element("form"), OPTIMIZERS[run.optimizer].second);
    if (drawn.hops !== (drawn.hops = [...hopRanges(run).w, run.slope].join())) {
      hops = drawLossForHops(element("hops"), run);
    }
    if (drawn.weights !== (drawn.weights = [...hopRanges(run).w, run.steps].join())) {
      weights = drawWeights(element("weights"), run);
    }
    hops.show(path);
    element("zoom").textContent = closeup.show(run, path, held);
    element("within").textContent = count(run.steps);
    weights.show(path, outcome.kind, OUTCOMES[outcome.kind]);
    plane.show(run);
    const output = element("outcome");
    output.className = `outcome ${outcome.kind}`;
    output.firstElementChild.textContent = outcomeInWords(run, path, outcome);
    output.lastElementChild.textContent = planeInWords(run, path, outcome);
    element("run").textContent = runInWords(run);
    element("border").textContent = borderInWords(run);
  }

  const controls = bindControls(element("form"), (values) => {
    show(values);
    share(values);
  });
  const share = shareAddress("reach", (values) => controls.put(values));
  controls.field("optimizer").addEventListener("change", ({ target }) => {
    controls.put({ optimizer: target.value, second: OPTIMIZERS[target.value].usual.second });
  });
  for (const button of document.querySelectorAll("#reach [data-run]")) {
    button.addEventListener("click", () => {
      controls.put(Object.fromEntries(new URLSearchParams(button.dataset.run)));
      button.closest("[data-view]").scrollIntoView();
    });
  }
  // While anything is dragged no axis moves: only then is the close-up free to choose another stretch.
  document.getElementById("reach").addEventListener("pointerdown", () => (held = true));
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => {
      if (held) {
        held = false;
        show(controls.values);
      }
    });
  }
  show(controls.values);
}

/** Let the second setting have the name that the optimizer gives it. */
function nameSecond(form, name) {
  form.querySelector("label[for=reach-second]").textContent = name;
  form.querySelector("[data-for=second]").setAttribute("aria-label", `${name}, slider`);
}

/** Draw the plane; `choose({ rate, second })` is called where its point is put, and the answer's `show(run)` draws a run. */
function drawPlane(svg, choose) {
  const chart = drawAxes(svg, {
    x: { from: PLANE.rate[0], to: PLANE.rate[1], label: "learning rate", log: true },
    y: { from: PLANE.second[0], to: PLANE.second[1], label: "momentum" },
    box: { height: 250, left: 60, bottom: 52, gap: 8 }, // the ring may lie on the axes
  });
  const move = ({ x, y }) => choose({ rate: x, second: y });
  const [cells, border, words] = [chart.layer("cells"), chart.layer("border"), chart.over("words")];
  const handle = addHandle(chart, { label: "learning rate and momentum", move });
  const note = document.getElementById("reach-cells");
  const drawn = { cells: "", border: null };
  const fill = whenNear(svg);
  letClick(chart, move);

  function show(run) {
    const name = OPTIMIZERS[run.optimizer].second;
    if (drawn.border !== (drawn.border = borderOf(run))) {
      drawBorder(chart, border, words, drawn.border);
    }
    if (drawn.cells !== (drawn.cells = [run.w, run.optimizer, run.slope, run.steps].join())) {
      svg.querySelector(".label[transform]").textContent = name;
      handle.element.setAttribute("aria-label", `learning rate and ${name}`);
      cells.classList.add("old"); // until the first cells of these settings are known
      note.textContent = "Computing \u2026";
      fill(() => fillPlane(run, showCells));
    }
    handle.put([run.rate, run.second], `learning rate ${plain(run.rate)}, ${name} ${plain(run.second)}`);
  }

  function showCells(kinds, size) {
    addCells(chart, cells, kinds);
    cells.classList.remove("old");
    note.textContent = `${size.join(" \u00D7 ")} runs, one in the middle of each cell.`;
  }
  return { show };
}

/** Draw the border over the rates up to 1, and its formula beside it. */
function drawBorder(chart, layer, words, border) {
  layer.replaceChildren();
  words.replaceChildren();
  if (border) {
    const rates = Array.from({ length: 101 }, (_, i) => PLANE.rate[0] ** (1 - i / 100));
    addLine(chart, layer, rates.map((rate) => [rate, border.at(rate)]), "under");
    addLine(chart, layer, rates.map((rate) => [rate, border.at(rate)]), "over");
    const [x, y] = [chart.inside.x + chart.inside.width - 6, chart.y(WORDS_AT)]; // far from the usual settings
    border.words.forEach((text, i) => {
      append(words, "text", { class: "label end", x, y: y + 16 * i }).textContent = text;
    });
    const below = { x1: x - 120, y1: y + 16 * border.words.length - 11 };
    const there = { x2: chart.x(POINTED_AT), y2: chart.y(border.at(POINTED_AT)) };
    append(words, "line", { class: "leader", ...below, ...there });
  }
}

/** What the run is, also on paper, where there are no controls. */
function runInWords({ w, optimizer, rate, second, slope, steps }) {
  const { title, second: name } = OPTIMIZERS[optimizer];
  const neuron = slope === 0 ? "a ReLU" : `negative slope ${plain(slope)}`;
  return `The weight over all steps, and the outcome: ${title}, learning rate ${plain(rate)}, ${name} ${plain(second)}, ${neuron} from w = ${plain(w)}, ${count(steps)} steps.`;
}

/** Where a run lies in the plane, and what follows. */
function planeInWords(run, path, outcome) {
  const border = borderOf(run);
  const grows = outcome.kind === "diverged" || outcome.kind === "way" ? growthInWords(run, outcome) : "";
  if (run.w > 0 || (grows && run.slope !== 0)) {
    return grows;
  }
  if (run.slope < 0) {
    return `Left of 0 this slope makes a second minimum, at w = ${plain(run.slope / (1 + run.slope ** 2))}, which holds small steps.`;
  }
  if (border && run.rate > 1) {
    return `The rate is above 1, so the first step jumps over 0. ${grows}`;
  }
  if (border) {
    const at = border.at(run.rate);
    const step = crossingStep(run);
    const place = step < Infinity ? "above" : run.second < at ? "below" : "on";
    const then = step === Infinity ? "however long it runs, w stays left of 0" : "w swings over 0";
    const late = step > run.steps && step < Infinity ? `, but only at step ${count(step)}` : "";
    return `Momentum ${plain(run.second)} lies ${place} the border ${plain(at)} for this rate: ${then}${late}. ${grows}`;
  }
  if (run.slope > 0) {
    return "Left of 0 this slope pulls w on over 0, with any settings, given time.";
  }
  if (run.w === 0) {
    return "At 0 nothing pulls.";
  }
  return adaptiveInWords(run, path);
}

/** Why SGD comes to no rest where its rate is too large for any minimum; empty where it is not. */
function growthInWords(run, { kind }) {
  const limit = settlingLimit(run);
  if (!(run.rate >= limit)) {
    return "";
  }
  const how = run.rate > limit ? "it grows" : "it does not shrink";
  const never = kind === "way" ? ", so w never settles" : "";
  if (run.second > 0) {
    return `At rates above ${plain(limit)}, with this momentum, the distance to the minimum grows from step to step instead of shrinking.`;
  }
  const [factor, side] = run.slope === 0 ? ["1 \u2212 rate", "Right of 0"] : ["1 \u2212 rate (1 + s\u00B2)", "On each side of 0"];
  return `${side} each step multiplies the distance to the minimum by ${factor}, here ${plain(1 - run.rate * (1 + run.slope ** 2))}: ${how}${never}.`;
}

/** What an optimizer that divides by the size of the gradient does left of 0, and whether it crosses after the run's end. */
function adaptiveInWords(run, path) {
  const { title } = OPTIMIZERS[run.optimizer];
  const crosses = (w) => w > 0;
  const later = path.w.some(crosses) ? -1 : descend({ ...run, steps: LONGEST }).w.findIndex(crosses);
  const then = later > 0 ? `: in a longer run w crosses 0, at step ${count(later)}` : "";
  if (run.optimizer === "AMSGrad") {
    return `AMSGrad divides by the largest gradient so far, so that its steps shrink as the pull does${then}.`;
  }
  if (run.optimizer === "RMSprop") {
    const built = run.second > 0 ? `, and ${plain(1 / (1 - run.second))} times that once its momentum is built up` : "";
    return `RMSprop moves w by about ${plain(run.rate)} a step, at first by up to three times as much${then || built}.`;
  }
  const least = Number(Math.ceil(-run.w / run.rate).toPrecision(2));
  const time = least > 1 ? `: at least ${count(least)} steps to 0, and more as it also divides by older, larger gradients` : "";
  const slow = then && `, and also divides by older, larger gradients${then}`;
  return `${title} moves w by at most about its rate a step${slow || time}.`;
}

/** What the line in the plane is, or why there is none. */
function borderInWords(run) {
  if (borderOf(run)) {
    return "The line is the border: strictly above it w crosses 0 in the end, from any start on the left. Just above it that takes long, and short runs stay.";
  }
  if (!BORDERS[run.optimizer]) {
    return `No border is drawn: for ${OPTIMIZERS[run.optimizer].title} there is no such formula, and where it lies depends on the start.`;
  }
  return "No border is drawn: its formula is for a ReLU (slope 0) that starts the wrong way.";
}
