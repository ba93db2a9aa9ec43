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

/** A curve drawn dx pixels of the scan aside at row y, its neighbours within `reach` rows less and less:
 * {sample: x}. */
function bend(result, curve, y, dx, reach) {
  const line = new Map(), [from, to] = result.range(y - reach, y + reach);
  for (let i = from; i < to; i++) {
    const near = 1 - Math.abs(result.y[i] - y) / reach;
    if (near > 0 && !Number.isNaN(curve.values[i])) line.set(i, curve.x[i] + dx * near * near * (3 - 2 * near));
  }
  return line;
}

/** Takes the curve at the pointer's row along.  show(i, dx) and nudge(i, dx) do the same for a sample. */
function drag(state) {
  const { result, curve } = state;
  let grip = null, line = null;
  const keep = (moved) => {
    line = null;
    if (moved) commit(result, curve, moved, (i, x) => result.valueFrom(curve, i, x));
    state.changed();
  };
  const reach = (view) => REACH / view.scale;
  return {
    cursor: "ew-resize",
    preview: () => line && [...line].map(([i, x]) => [x, result.y[i]]),
    down: (at) => (grip = { x: at.x, y: at.y, reach: reach(at.view) }),
    move: (at) => {
      line = bend(result, curve, grip.y, at.x - grip.x, grip.reach);
      state.redraw();
    },
    up: (at, cancelled) => keep(cancelled ? null : line),
    show: (i, dx, view) => {
      line = dx ? bend(result, curve, result.y[i], dx, reach(view)) : null;
      state.redraw();
    },
    nudge: (i, dx, view) => keep(bend(result, curve, result.y[i], dx, reach(view))),
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
