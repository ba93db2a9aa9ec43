// The log as a geologist reads it: tracks with their scales in a header, depth down, beside the scan and row
// for row in line with it.

import { clamp, eachFrame, el } from "./util.js";
import { depthSteps, label, multiples, trackLines } from "./scales.js";
import { depthAt, rowAt } from "./calibration.js";
import { doubtful, plotColor } from "./colors.js";
import { DOUBTFUL } from "./curves.js";
import { drawCurve } from "./trace.js";

const DEPTH_WIDTH = 58, GAP = 1;

export class LogPlot {
  /** mover: {view, scrollBy, zoomBy}: what decides which rows are seen. */
  constructor(canvas, header, mover) {
    Object.assign(this, { canvas, header, mover, result: null, cursor: null, chosen: null });
    this.redraw = eachFrame(() => this.draw());
    new ResizeObserver(() => {
      this.layOut();
      this.redraw();
    }).observe(canvas);
    this.listen();
  }

  show(result) {
    this.result = result;
    this.layOut();
    this.redraw();
  }

  /** Places the tracks: the first, the depths, the others. */
  layOut() {
    if (!this.result) return;
    const width = this.canvas.clientWidth, n = this.result.calibration.tracks.length;
    const each = (width - DEPTH_WIDTH) / n;
    this.boxes = this.result.calibration.tracks.map((_, t) => {
      const left = t === 0 ? 0 : DEPTH_WIDTH + t * each;
      return { left: Math.round(left) + GAP, right: Math.round(left + each) - GAP };
    });
    this.depthLeft = Math.round(each);
    this.drawHeader();
  }

  drawHeader() {
    const { result, boxes } = this;
    const cells = boxes.map((box, t) => {
      const cell = el("div", { class: "heads" });
      for (const curve of result.curves.filter((c) => c.track === t && c.shown)) {
        const line = el("span", { class: `sample ${curve.style}` });
        line.style.borderTopColor = plotColor(curve.number);
        cell.append(el("div", { class: "head" },
          el("span", { class: "name", text: `${curve.mnemonic}${curve.unit ? ` (${curve.unit})` : ""}` }), line,
          el("span", { class: "scale" }, el("span", { text: label(curve.left) }),
            el("span", { class: "dim", text: curve.scale === "log" ? "log" : "" }), el("span", { text: label(curve.right) }))));
      }
      cell.style.width = `${box.right - box.left}px`;
      return cell;
    });
    const depth = el("div", { class: "heads depth" }, el("span", { text: result.lines.length ? "Depth" : "Row" }),
      el("span", { class: "dim", text: result.unit }));
    depth.style.width = `${DEPTH_WIDTH}px`;
    cells.splice(1, 0, depth);
    this.header.replaceChildren(...cells);
  }

  draw() {
    const { canvas, result, mover } = this;
    if (!result || !canvas.clientWidth) return;
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    const w = Math.round(width * ratio), h = Math.round(height * ratio);
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const g = canvas.getContext("2d"), view = mover.view, style = getComputedStyle(canvas);
    const color = { fine: style.getPropertyValue("--grid"), strong: style.getPropertyValue("--grid-strong"), ink: style.color };
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    this.drawDepths(g, view, width, height, color);
    this.boxes.forEach((box, t) => this.drawTrack(g, view, box, t, height, color));
    this.drawCursor(g, view, width);
  }

  drawDepths(g, view, width, height, color) {
    const { result } = this;
    const first = result.y[0], last = result.y[result.n - 1];
    const top = clamp(view.sy(Math.min(first, last)), 0, height), bottom = clamp(view.sy(Math.max(first, last)), 0, height);
    if (bottom - top < 2) return;
    const at = (py) => (result.lines.length ? depthAt(result.lines, view.iy(py)) : view.iy(py));
    const place = (value) => view.sy(result.lines.length ? rowAt(result.lines, value) : value);
    const a = at(top), b = at(bottom), perUnit = (bottom - top) / Math.abs(b - a);
    if (!Number.isFinite(perUnit) || perUnit <= 0) return;
    const { strong, fine } = depthSteps(perUnit), low = Math.min(a, b), high = Math.max(a, b);
    const rule = (values, stroke) => {
      g.strokeStyle = stroke;
      g.lineWidth = 1;
      g.beginPath();
      for (const value of values) {
        const y = Math.round(place(value)) + 0.5;
        for (const box of this.boxes) {
          g.moveTo(box.left, y);
          g.lineTo(box.right, y);
        }
      }
      g.stroke();
    };
    rule(multiples(fine, low, high), color.fine);
    const numbered = multiples(strong, low, high);
    rule(numbered, color.strong);
    g.fillStyle = color.ink;
    g.font = "12px system-ui, sans-serif";
    g.textAlign = "center";
    g.textBaseline = "middle";
    for (const value of numbered) g.fillText(label(value), this.depthLeft + DEPTH_WIDTH / 2, place(value));
  }

  drawTrack(g, view, box, t, height, color) {
    const { result } = this;
    const ends = [view.sy(result.y[0]), view.sy(result.y[result.n - 1])];
    const top = clamp(Math.min(...ends), 0, height), bottom = clamp(Math.max(...ends), 0, height);
    const curves = result.curves.filter((c) => c.track === t && c.shown), width = box.right - box.left;
    for (const line of curves.length ? trackLines(curves[0]) : []) {
      const x = Math.round(box.left + line.fraction * width) + 0.5;
      g.strokeStyle = line.strong ? color.strong : color.fine;
      g.beginPath();
      g.moveTo(x, top);
      g.lineTo(x, bottom);
      g.stroke();
    }
    g.save();
    g.beginPath();
    g.rect(box.left - 1, 0, width + 2, height);
    g.clip();
    const range = result.range(view.y0, view.y1), y = (i) => view.sy(result.y[i]);
    for (const curve of curves) {
      // A value off the scale comes back in from the other side, as it was printed.
      const x = (i) => {
        const f = curve.fraction[i];
        return box.left + (f < -0.05 || f > 1.05 ? f - Math.floor(f) : f) * width;
      };
      this.drawDoubts(g, curve, range, y, box);
      drawCurve(g, curve, range, x, y, { color: plotColor(curve.number), width: curve === this.chosen ? 2.4 : 1.5, jump: width * 0.85 });
    }
    g.restore();
  }

  /** A bar at the track's side: doubt is told by place, not by colour alone. */
  drawDoubts(g, curve, [from, to], y, box) {
    g.fillStyle = doubtful();
    let start = -1;
    const x = box.right - 3 - 4 * (curve.number % 4);
    for (let i = from; i <= to; i++) {
      const bad = i < to && !curve.edited[i] && !(curve.confidence[i] >= DOUBTFUL);
      if (bad && start < 0) start = i;
      if (!bad && start >= 0) {
        const a = y(start), b = y(i - 1);
        g.fillRect(x, Math.min(a, b) - 0.5, 3, Math.abs(b - a) + 1);
        start = -1;
      }
    }
  }

  drawCursor(g, view, width) {
    if (this.cursor === null) return;
    const y = Math.round(view.sy(this.cursor)) + 0.5;
    g.strokeStyle = "#0b6bcb";
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(0, y);
    g.lineTo(width, y);
    g.stroke();
  }

  listen() {
    const { canvas } = this, pointers = new Map();
    canvas.addEventListener("wheel", (event) => this.mover.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event.clientY);
    });
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      if (this.result) this.onHover?.(this.mover.view.iy(event.clientY - box.top));
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      pointers.set(event.pointerId, event.clientY);
      if (pointers.size === 1) return this.mover.scrollBy(0, before - event.clientY);
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const was = Math.abs(before - other), is = Math.abs(event.clientY - other);
      if (was > 8 && is > 8) this.mover.zoomBy(is / was, undefined, (event.clientY + other) / 2 - box.top);
    });
    for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, (event) => pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => this.onHover?.(null));
    canvas.addEventListener("keydown", (event) => {
      const page = 0.9 * canvas.clientHeight;
      const step = { ArrowDown: 60, ArrowUp: -60, PageDown: page, PageUp: -page }[event.key];
      const zoom = { "+": 1.3, "=": 1.3, "-": 1 / 1.3 }[event.key];
      if (step) this.mover.scrollBy(0, step);
      else if (zoom) this.mover.zoomBy(zoom);
      else return;
      event.preventDefault();
    });
  }
}

/** Decides which rows are seen where there is no viewer to do so. */
export class PlainView {
  constructor(canvas) {
    Object.assign(this, { canvas, y0: 0, scale: 0.2, max: 1, changed: () => {} });
  }

  fit(y0, y1) {
    this.scale = Math.max(this.canvas.clientHeight, 100) / Math.max(y1 - y0, 1);
    Object.assign(this, { y0, top: y0, max: y1 });
    this.changed();
  }

  get view() {
    const { y0, scale } = this, height = this.canvas.clientHeight;
    return { y0, y1: y0 + height / scale, scale, height, sy: (y) => (y - y0) * scale, iy: (py) => y0 + py / scale };
  }

  scrollBy(_, py) {
    const rows = this.canvas.clientHeight / this.scale;
    this.y0 = clamp(this.y0 + py / this.scale, this.top - rows / 4, Math.max(this.max - (3 * rows) / 4, this.top));
    this.changed();
  }

  zoomBy(factor, _, py = this.canvas.clientHeight / 2) {
    const y = this.view.iy(py);
    this.scale = clamp(this.scale * factor, (0.8 * this.canvas.clientHeight) / (this.max - this.top), 8);
    this.y0 = y - py / this.scale;
    this.changed();
  }

  wheel(event) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) this.zoomBy(Math.exp(-event.deltaY * 0.004), 0, event.offsetY);
    else this.scrollBy(0, event.deltaY);
  }

  goTo(y0, y1) {
    const rows = Math.max((y1 - y0) * 1.6, 60);
    this.scale = Math.min(this.scale, this.canvas.clientHeight / rows);
    this.y0 = (y0 + y1) / 2 - this.canvas.clientHeight / this.scale / 2;
    this.changed();
  }
}
