// The first steps of a run along the axis of w, enlarged so far that single hops are seen.

"use strict";

const ENLARGED = 20; // steps
const CLOSE_NUMBERS = [20, 10, 5, 15, 1, 2, 3];
const MOST_ENLARGED = 2 ** 14;
const FLOOR = 0.42; // where the arcs stand in the chart's height, above the numbers of the steps

/**
 * Draw into an svg element with the answer's `show(run, path, held)`, which returns how far that is enlarged, in words.
 *
 * The enlargement is a power of 2. It changes where the start or the surface does, or where the hops leave
 * the stretch or become small in it, but not while something is held and dragged.
 */
function drawCloseup(svg) {
  let [chart, arcs, numbers, start, end] = [];
  let stretch = { key: "", zoom: 1, ends: [0, 1] };

  function draw(run, { zoom, ends: [from, to] }) {
    const digits = 3 + Math.ceil(Math.log10(zoom));
    chart = drawAxes(svg, {
      x: { from, to, label: "weight w", digits },
      y: { from: 0, to: 1, label: "", ticks: [] },
      box: { height: 112, top: 6 },
    });
    const behind = chart.layer("plot");
    addLine(chart, behind, [[0, 0], [0, 1]], "zero");
    addLine(chart, behind, [[from, FLOOR], [to, FLOOR]], "curve");
    for (const { w, least } of minimaWithoutBias(run.slope)) {
      addStar(chart, behind, [w, FLOOR], least ? "target" : "target lesser");
    }
    [arcs, numbers] = [chart.layer("hops"), chart.layer("numbers")];
    [start, end] = [addMark(chart, "start", 6), addMark(chart, "after", 4.5)];
  }

  function show(run, path, held) {
    const seen = path.w.slice(0, ENLARGED + 1);
    const key = [run.w, run.slope].join();
    if (stretch.key !== key || (!held && !isFitting(stretch, seen))) {
      stretch = { key, ...stretchOf(seen, hopRanges(run).w) };
      draw(run, stretch);
    }
    const places = seen.map((w) => [clamp(chart.x(w), -2000, 2000), chart.y(FLOOR)]);
    addHops(arcs, places, 30);
    addNumbers(numbers, places, CLOSE_NUMBERS);
    start.put([seen[0], FLOOR]);
    end.put([seen.at(-1), FLOOR]);
    return stretch.zoom > 1 ? `enlarged ${count(stretch.zoom)} times` : "not enlarged, as they reach far";
  }
  return { show };
}

/** The lowest and the highest of some weights within the ends of an axis. */
function reachWithin(weights, [low, high]) {
  const inside = weights.map((w) => clamp(w, low, high));
  return [Math.min(...inside), Math.max(...inside)];
}

/** The shortest stretch of an axis, halved again and again, that has room for some weights. */
function stretchOf(weights, [low, high]) {
  const [least, most] = reachWithin(weights, [low, high]);
  let zoom = 1;
  while (most > least && zoom < MOST_ENLARGED && (most - least) * 2 * zoom <= 0.88 * (high - low)) {
    zoom *= 2;
  }
  const width = (high - low) / zoom;
  const from = clamp((least + most - width) / 2, low, high - width);
  return { zoom, ends: [from, from + width], whole: [low, high] };
}

/** Whether weights lie in a stretch and fill a quarter of it, or as much as can be. */
function isFitting({ zoom, ends, whole }, weights) {
  const [least, most] = reachWithin(weights, whole);
  const filled = (most - least) / (ends[1] - ends[0]);
  return least >= ends[0] && most <= ends[1] && (filled >= 0.25 || zoom === MOST_ENLARGED || (zoom === 1 && most === least));
}
