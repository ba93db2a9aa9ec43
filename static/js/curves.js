// A result as numbers: every curve's values by depth, where they lie on the scan, how far to trust them,
// and the corrections made by hand.

import { bordersOf, depthLines, fractionOf, rowAt, valueAt } from "./calibration.js";

export const SURE = 0.8, DOUBTFUL = 0.5;

export class Result {
  /** reply: what POST /digitize answered; calibration: what was asked; table: its CSV, read; edges: its file. */
  constructor(reply, calibration, table, edges) {
    Object.assign(this, { reply, calibration, n: table.rows, index: table.columns[0], undone: [], done: [] });
    const box = { ...calibration, y0: calibration.y0 ?? reply.track.y0, y1: calibration.y1 ?? reply.track.y1 };
    this.lines = reply.depth ? depthLines(box, reply.image.height) : [];
    this.unit = reply.depth ? reply.depth.unit : "";
    this.y = new Float64Array(this.n);
    for (let i = 0; i < this.n; i++) this.y[i] = this.lines.length ? rowAt(this.lines, this.index[i]) : this.index[i] + 0.5;
    this.falling = this.n > 1 && this.y[1] < this.y[0];
    this.tracks = calibration.tracks.map((track, t) => bordersOf(edges?.tracks?.[t]?.edges, track, reply.image.width));
    this.borders = this.tracks.map((track) => this.bordersBySample(track));
    this.curves = reply.curves.map((curve, k) => this.makeCurve(curve, k, table));
  }

  /** Both borders of a track at every sample. */
  bordersBySample(track) {
    const left = new Float32Array(this.n), right = new Float32Array(this.n);
    for (let i = 0; i < this.n; i++) [left[i], right[i]] = track(this.y[i]);
    return { left, right };
  }

  makeCurve(meta, k, table) {
    const column = table.names.indexOf(meta.mnemonic), conf = table.names.indexOf(`${meta.mnemonic}_CONF`);
    const values = table.columns[column] || new Float64Array(this.n).fill(NaN);
    const curve = {
      ...meta, number: k, track: this.trackOf(k), shown: true, values,
      confidence: table.columns[conf] || Float64Array.from(values, (v) => (Number.isNaN(v) ? NaN : 1)),
      edited: new Uint8Array(this.n), x: new Float32Array(this.n), fraction: new Float32Array(this.n),
    };
    this.place(curve, 0, this.n);
    return curve;
  }

  /** The track that the k-th curve of the reply is in: they come in the order in which they were asked for. */
  trackOf(k) {
    let before = 0;
    for (let t = 0; t < this.calibration.tracks.length; t++) {
      before += Math.max(this.calibration.tracks[t].curves.length, 1);
      if (k < before) return t;
    }
    return this.calibration.tracks.length - 1;
  }

  /** Where samples lie on the scan.  A value off the scale is drawn where it was printed: wrapped round. */
  place(curve, from, to) {
    const { left, right } = this.borders[curve.track];
    for (let i = from; i < to; i++) {
      const f = fractionOf(curve, curve.values[i]);
      curve.fraction[i] = f;
      const shown = f < -0.05 || f > 1.05 ? f - Math.floor(f) : f;
      curve.x[i] = left[i] + 0.5 + shown * (right[i] - left[i]);
    }
  }

  /** The value printed at a place of the scan, in the same turn of the scale as sample i before. */
  valueFrom(curve, i, x) {
    const [x0, x1] = this.tracks[curve.track](this.y[i]);
    const before = curve.fraction[i];
    const turn = before < -0.05 || before > 1.05 ? Math.floor(before) : 0;
    return valueAt(curve, turn + (x - 0.5 - x0) / (x1 - x0));
  }

  /** The first sample at or below row y, counted down the page; n if there is none. */
  sampleAt(y) {
    let low = 0, high = this.n;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.falling ? this.y[mid] > y : this.y[mid] < y) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  /** Samples [from, to) that lie in rows y0 to y1. */
  range(y0, y1) {
    const a = this.falling ? this.sampleAt(y1) : this.sampleAt(y0);
    const b = this.falling ? this.sampleAt(y0) : this.sampleAt(y1);
    return [Math.max(0, Math.min(a, b) - 1), Math.min(this.n, Math.max(a, b) + 1)];
  }

  /** The sample nearest to row y. */
  nearest(y) {
    const i = Math.min(this.sampleAt(y), this.n - 1);
    return i > 0 && Math.abs(this.y[i - 1] - y) < Math.abs(this.y[i] - y) ? i - 1 : i;
  }

  /* --- doubts --- */

  /** Stretches where a curve is missing or not sure: [{curve, from, to, confidence|null}], to exclusive. */
  doubts() {
    const out = [];
    const join = Math.max(3, Math.round(this.n / 4000)), least = 2;
    for (const curve of this.curves) {
      let from = -1, last = -1, sum = 0, known = 0;
      const close = () => {
        if (from >= 0 && last + 1 - from >= least)
          out.push({ curve, from, to: last + 1, confidence: known ? sum / known : null });
        from = -1;
        sum = known = 0;
      };
      for (let i = 0; i < this.n; i++) {
        const missing = Number.isNaN(curve.values[i]);
        const doubtful = !curve.edited[i] && (missing || curve.confidence[i] < DOUBTFUL);
        if (!doubtful) {
          if (from >= 0 && i - last > join) close();
          continue;
        }
        if (from < 0) from = i;
        last = i;
        if (!missing) {
          sum += curve.confidence[i];
          known++;
        }
      }
      close();
    }
    return out.sort((a, b) => a.from - b.from);
  }

  /* --- corrections --- */

  /** Sets values[] from sample `from` on; NaN is null.  One step for undo. */
  edit(curve, from, values) {
    if (!values.length) return;
    const to = from + values.length;
    const before = {
      values: curve.values.slice(from, to), confidence: curve.confidence.slice(from, to), edited: curve.edited.slice(from, to),
    };
    const after = {
      values: Float64Array.from(values), confidence: Float64Array.from(values, (v) => (Number.isNaN(v) ? NaN : 1)),
      edited: new Uint8Array(values.length).fill(1),
    };
    this.done.push({ curve, from, before, after });
    this.undone = [];
    this.apply(curve, from, after);
  }

  apply(curve, from, state) {
    curve.values.set(state.values, from);
    curve.confidence.set(state.confidence, from);
    curve.edited.set(state.edited, from);
    this.place(curve, from, from + state.values.length);
  }

  undo() {
    const step = this.done.pop();
    if (!step) return null;
    this.undone.push(step);
    this.apply(step.curve, step.from, step.before);
    return step;
  }

  redo() {
    const step = this.undone.pop();
    if (!step) return null;
    this.done.push(step);
    this.apply(step.curve, step.from, step.after);
    return step;
  }

  get isEdited() {
    return this.done.length > 0;
  }

  /** The stretches of a curve that were corrected: [[from, to), …]. */
  editedStretches(curve) {
    const out = [];
    for (let i = 0; i < this.n; i++) {
      if (!curve.edited[i]) continue;
      const from = i;
      while (i < this.n && curve.edited[i]) i++;
      out.push([from, i]);
    }
    return out;
  }

  /** A curve's figures as they are now: the share of samples with a value, and of the `read` ones, which the
   * network gave, the mean confidence. */
  summary(curve) {
    let known = 0, read = 0, sum = 0;
    for (let i = 0; i < this.n; i++) {
      if (Number.isNaN(curve.values[i])) continue;
      known++;
      if (curve.edited[i]) continue;
      read++;
      sum += curve.confidence[i];
    }
    return { coverage: this.n ? known / this.n : 0, confidence: read ? sum / read : 0, read };
  }
}
