// Lines of equal expected loss over (w, b), by marching squares.

"use strict";

const GRID = 56; // cells a side
const LEVELS = Array.from({ length: 11 }, (_, i) => 0.0125 * 2 ** i); // each twice the one before

/** Draw the levels into a layer, for slope s over the ranges x of w and y of b. */
function addContours(chart, layer, s, x, y) {
  const at = (range, i) => range[0] + ((range[1] - range[0]) * i) / GRID;
  const heights = [];
  for (let j = 0; j <= GRID; j += 1) {
    heights.push(Array.from({ length: GRID + 1 }, (_, i) => expectedLossAndGradient(at(x, i), at(y, j), s).loss));
  }
  for (const level of LEVELS) {
    const pieces = [];
    for (let j = 0; j < GRID; j += 1) {
      for (let i = 0; i < GRID; i += 1) {
        for (const [[u, v], [p, q]] of crossings(heights, i, j, level)) {
          const from = `M${chart.x(at(x, u)).toFixed(1)} ${chart.y(at(y, v)).toFixed(1)}`;
          pieces.push(`${from}L${chart.x(at(x, p)).toFixed(1)} ${chart.y(at(y, q)).toFixed(1)}`);
        }
      }
    }
    if (pieces.length) {
      append(layer, "path", { class: "contour", d: pieces.join("") });
    }
  }
}

/** Where a level crosses the edges of a cell, joined two and two. */
function crossings(heights, i, j, level) {
  const corners = [
    [i, j, heights[j][i]],
    [i + 1, j, heights[j][i + 1]],
    [i + 1, j + 1, heights[j + 1][i + 1]],
    [i, j + 1, heights[j + 1][i]],
  ];
  const found = [];
  corners.forEach(([u, v, height], k) => {
    const [p, q, next] = corners[(k + 1) % 4];
    if (height < level !== next < level) {
      const share = (level - height) / (next - height);
      found.push([u + share * (p - u), v + share * (q - v)]);
    }
  });
  const pairs = [];
  for (let k = 0; k + 1 < found.length; k += 2) {
    pairs.push([found[k], found[k + 1]]);
  }
  return pairs;
}
