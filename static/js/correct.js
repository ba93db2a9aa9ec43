// Correcting a curve on the scan: redraw a stretch, drag a point, blank a stretch; or set it by numbers.

import { clamp } from "./util.js";
import { valueAt } from "./calibration.js";

const REACH = 28; // pixels of the screen above and below a dragged point that go with it

/** Between two places of the pointer, x at each sample's row. */
function fill(result, line, a, b) {
  const [low, high] = a.y <= b.y ? [a, b] : [b, a];
  const [from, to] = result.range(low.y, high.y);
  for (let i = from; i < to; i++) {
    const y = result.y[i];
    if (y < low.y - 0.5 || y > high.y + 0.5) continue;
    const t = high.y > low.y ? clamp((y - low.y) / (high.y - low.y), 0, 1) : 0;
    line.set(i, low.x + t * (high.x - low.x));
  }
}

/** Turns {sample: value} into one run without holes: what lies between is set too. */
function commit(result, curve, line, valueOf) {
  if (!line.size) return;
  const from = Math.min(...line.keys()), to = Math.max(...line.keys());
  const values = [];
  for (let i = from; i <= to; i++) values.push(line.has(i) ? valueOf(i, line.get(i)) : curve.values[i]);
  result.edit(curve, from, values);
}

/** Freehand: the curve follows the pointer; with `blank` the stretch is emptied. */
function pen(state, blank) {
  let line = null, last = null;
  return {
    cursor: "crosshair",
    preview: () => line && [...line].map(([i, x]) => [x, state.result.y[i]]),
    down: (at) => {
      line = new Map();
      last = at;
      fill(state.result, line, at, at);
    },
    move: (at) => {
      fill(state.result, line, last, at);
      last = at;
      state.redraw();
    },
    up: (at, cancelled) => {
      const drawn = line;
      line = null;
      if (!cancelled) commit(state.result, state.curve, drawn, (i, x) => (blank ? NaN : state.result.valueFrom(state.curve, i, x)));
      state.changed();
    },
  };
}

/** Takes the curve at the pointer's row along, its neighbours less and less. */
function drag(state) {
  let grip = null, line = null;
  return {
    cursor: "ew-resize",
    preview: () => line && [...line].map(([i, x]) => [x, state.result.y[i]]),
    down: (at) => {
      const reach = REACH / at.view.scale;
      grip = { x: at.x, y: at.y, reach, range: state.result.range(at.y - reach, at.y + reach) };
    },
    move: (at) => {
      line = new Map();
      for (let i = grip.range[0]; i < grip.range[1]; i++) {
        const near = 1 - Math.abs(state.result.y[i] - grip.y) / grip.reach;
        if (near > 0 && !Number.isNaN(state.curve.values[i]))
          line.set(i, state.curve.x[i] + (at.x - grip.x) * near * near * (3 - 2 * near));
      }
      state.redraw();
    },
    up: (at, cancelled) => {
      const moved = line;
      line = null;
      if (moved && !cancelled) commit(state.result, state.curve, moved, (i, x) => state.result.valueFrom(state.curve, i, x));
      state.changed();
    },
  };
}

/** state: {result, curve, redraw, changed}. */
export const makeTool = { redraw: (state) => pen(state, false), blank: (state) => pen(state, true), drag };

/** Sets the samples between two indices (depths or rows): from value a to value b, straight on the scan; null
 * values empty them.  Answers how many. */
export function setStretch(result, curve, from, to, a, b) {
  const low = Math.min(from, to), high = Math.max(from, to), first = result.index.findIndex((d) => d >= low - 1e-9);
  if (first < 0) return 0;
  let end = first;
  while (end < result.n && result.index[end] <= high + 1e-9) end++;
  const fractionA = a === null ? NaN : fraction(curve, a), fractionB = b === null ? fractionA : fraction(curve, b);
  const values = [];
  for (let i = first; i < end; i++) {
    const t = end - first > 1 ? (i - first) / (end - first - 1) : 0;
    values.push(valueAt(curve, fractionA + t * (fractionB - fractionA)));
  }
  result.edit(curve, first, values);
  return values.length;
}

const fraction = (curve, value) =>
  curve.scale === "log"
    ? Math.log(value / curve.left) / Math.log(curve.right / curve.left)
    : (value - curve.left) / (curve.right - curve.left);
