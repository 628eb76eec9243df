// What becomes of each start on a grid of (w, b): computed in slices, from coarse to fine, and stopped where
// settings change.

"use strict";

const STARTS = 64; // a side
const COARSE = [8, 4, 2, 1]; // cells a side of a block that shows one start; each level computes only what is new
const MAP_SLICE = 7; // milliseconds of a frame

/** The start in the middle of a cell, of a range [low, high]. */
function startOf(i, [low, high]) {
  return low + ((high - low) * (i + 0.5)) / STARTS;
}

/**
 * Compute the outcomes of all starts of the ranges x of w and y of b.
 *
 * After every level `show(kinds, counts)` gets rows of kinds, the lowest b first; `counts` tells the number of
 * starts by kind once all are computed, and is null before. The answer is as `whenNear` wants it.
 */
function mapStarts(run, minimum, { x, y }, show) {
  const kinds = Array.from({ length: STARTS }, () => new Array(STARTS).fill(""));
  let [level, j, i, waiting] = [0, 0, 0, 0];

  /** Compute until a time; whether all is done by then. */
  function work(until) {
    while (level < COARSE.length) {
      const block = COARSE[level];
      while (j < STARTS) {
        while (i < STARTS) {
          if (performance.now() > until) {
            return false;
          }
          kinds[j][i] ||= fateOf(run, startOf(i, x), startOf(j, y), minimum);
          i += block;
        }
        [j, i] = [j + block, 0];
      }
      [level, j] = [level + 1, 0];
      show(everyNth(kinds, block), block === 1 ? countKinds(kinds) : null);
    }
    return true;
  }

  function slice() {
    if (!work(performance.now() + MAP_SLICE)) {
      waiting = requestAnimationFrame(slice);
    }
  }
  waiting = requestAnimationFrame(slice);
  return { stop: () => cancelAnimationFrame(waiting), finish: work };
}

function everyNth(rows, step) {
  return rows.filter((_, j) => j % step === 0).map((row) => row.filter((_, i) => i % step === 0));
}

function countKinds(rows) {
  const counts = Object.fromEntries(Object.keys(OUTCOMES).map((kind) => [kind, 0]));
  for (const kind of rows.flat()) {
    counts[kind] += 1;
  }
  return counts;
}
