// What can be grasped in a chart: with a mouse, a finger or the arrow keys.

"use strict";

const REACHABLE = 22; // radius in pixels of the screen of what a finger can grasp
const NUDGES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowDown: [0, -1],
  ArrowUp: [0, 1],
};

/**
 * Make a handle on a chart.
 *
 * `label` names it, `axes` is "x", "y" or "xy": what it moves along. While it is dragged or nudged
 * `move({ x, y })` is called with numbers of the chart's axes. The answer's `put([x, y], text)` places
 * it and says where it is; a place outside the axes is shown at their edge, with an arrow.
 * Only the handle itself takes hold of a finger, so that a swipe over the chart scrolls the page.
 */
function addHandle(chart, { label, axes = "xy", kind = "", move }) {
  const group = append(chart.over("handles"), "g", {
    class: `handle ${kind}`,
    tabindex: 0,
    role: "slider",
    "aria-label": label,
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-valuenow": 0,
  });
  const reach = append(group, "circle", { class: "reach", r: REACHABLE });
  append(group, "circle", { class: "ring", r: 8 });
  const arrow = append(group, "path", { class: "arrow", d: "" });
  const { x: left, y: top, width, height } = chart.inside;
  let shown = { x: left, y: top };
  let grasped = null;

  function moveTo(x, y) {
    const place = { x: clamp(x, left, left + width), y: clamp(y, top, top + height) };
    move(toldAt(chart, place));
  }

  function placeOf(event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.svg.getScreenCTM().inverse());
  }

  group.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) {
      return;
    }
    event.preventDefault(); // no text is selected
    group.focus({ preventScroll: true });
    const place = placeOf(event);
    grasped = { x: shown.x - place.x, y: shown.y - place.y };
    group.setPointerCapture(event.pointerId);
  });
  group.addEventListener("pointermove", (event) => {
    if (grasped) {
      const place = placeOf(event);
      moveTo(place.x + grasped.x, place.y + grasped.y);
    }
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    group.addEventListener(end, () => {
      grasped = null;
    });
  }
  group.addEventListener("keydown", (event) => {
    const far = event.shiftKey || event.key.startsWith("Page");
    const key = { PageUp: "ArrowUp", PageDown: "ArrowDown" }[event.key] ?? event.key;
    let [right, up] = NUDGES[key] ?? [0, 0];
    if (axes === "x") {
      [right, up] = [right + up, 0];
    } else if (axes === "y") {
      [right, up] = [0, right + up];
    }
    const ends = { Home: 0, End: 1 };
    if (key in ends && axes !== "xy") {
      event.preventDefault();
      moveTo(left + width * ends[key], top + height * (1 - ends[key]));
    } else if (right || up) {
      event.preventDefault();
      const [step, rise] = [width / (far ? 20 : 200), height / (far ? 20 : 200)];
      moveTo(shown.x + right * step, shown.y - up * rise);
    }
  });

  // Looked up where the chart changes its size, as every look makes the browser lay out the page.
  new ResizeObserver(() => {
    const pixels = chart.svg.getScreenCTM()?.a || 1;
    reach.setAttribute("r", Math.max(10, REACHABLE / pixels).toFixed(1));
  }).observe(chart.svg);

  return {
    element: group,
    put(point, text) {
      shown = putAtEdge(chart, group, arrow, point);
      const share = axes === "y" ? 1 - (shown.y - top) / height : (shown.x - left) / width;
      group.setAttribute("aria-valuenow", (100 * share).toFixed(1));
      group.setAttribute("aria-valuetext", text);
    },
  };
}

/** A mark that is put at points, and is shown at the edge of the axes, with an arrow, where it is outside. */
function addMark(chart, kind, radius = 8) {
  const group = append(chart.over("marks"), "g", { class: `mark ${kind}` });
  append(group, "circle", { class: `here ${kind}`, r: radius });
  const arrow = append(group, "path", { class: "arrow", d: "" });
  return { element: group, put: (point) => putAtEdge(chart, group, arrow, point) };
}

/** Place a group at a point of a chart, or at the edge next to it, its arrow pointing outward; returns the place. */
function putAtEdge(chart, group, arrow, [x, y]) {
  const { x: left, y: top, width, height } = chart.inside;
  const wanted = { x: chart.x(x), y: chart.y(y) };
  const shown = { x: clamp(wanted.x, left, left + width), y: clamp(wanted.y, top, top + height) };
  const outside = Math.abs(wanted.x - shown.x) > 0.5 || Math.abs(wanted.y - shown.y) > 0.5;
  const angle = (180 / Math.PI) * Math.atan2(Math.sign(wanted.y - shown.y), Math.sign(wanted.x - shown.x));
  group.setAttribute("transform", `translate(${shown.x.toFixed(2)} ${shown.y.toFixed(2)})`);
  group.classList.toggle("outside", outside);
  arrow.setAttribute("d", outside ? "M-5 -6L5 0L-5 6z" : "");
  arrow.setAttribute("transform", `rotate(${angle.toFixed(1)})`);
  return shown;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** The numbers at a place, without the digits that a pixel does not tell. */
function toldAt(chart, { x, y }) {
  const told = (back, place) => {
    const worth = Math.abs(back(place + 0.5) - back(place - 0.5));
    return Number(back(place).toFixed(clamp(-Math.floor(Math.log10(worth)), 0, 12)));
  };
  return { x: told(chart.fromX, x), y: told(chart.fromY, y) };
}

/** Call `move({ x, y })` where the chart is clicked or tapped, which a swipe does not do. */
function letClick(chart, move) {
  chart.svg.addEventListener("click", (event) => {
    if (event.target.closest(".handle")) {
      return;
    }
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.svg.getScreenCTM().inverse());
    const { inside } = chart;
    if (x >= inside.x && x <= inside.x + inside.width && y >= inside.y && y <= inside.y + inside.height) {
      move(toldAt(chart, { x, y }));
    }
  });
}
