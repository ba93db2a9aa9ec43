// The calibration over the scan: track boxes, depth lines, the grid that shows whether they are right, and
// the handles by which they are moved with mouse, finger or keys.

import { clamp, el } from "./util.js";
import { bordersOf, depthAt, depthLines, edgesOf, regionRows, rowAt } from "./calibration.js";
import { depthSteps, label, multiples, trackLines, usable } from "./scales.js";

const BOX = "#0b6bcb", GRID = "rgba(11,107,203,.38)", GRID_STRONG = "rgba(11,107,203,.75)", LINE = "#b3261e";

/** A number on a light ground, so that it can be read on any scan. */
function tag(g, text, x, y, color, align = "left") {
  g.font = "600 11px system-ui, sans-serif";
  const width = g.measureText(text).width + 8;
  const left = align === "left" ? x : align === "right" ? x - width : x - width / 2;
  g.fillStyle = "rgba(255,255,255,.9)";
  g.fillRect(left, y - 8, width, 16);
  g.fillStyle = color;
  g.textBaseline = "middle";
  g.fillText(text, left + 4, y + 0.5);
}

function stroke(g, color, width, ...points) {
  g.strokeStyle = color;
  g.lineWidth = width;
  g.beginPath();
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.stroke();
}

export class Marks {
  /** form: {read, setNumbers}; the marks show what it says and write what is dragged. */
  constructor(viewer, form, home) {
    Object.assign(this, { viewer, form, home, grid: true, shown: true, handles: new Map() });
    viewer.addLayer((g, view) => this.shown && this.draw(g, view));
    form.onChange(() => this.update());
    this.update();
  }

  update() {
    this.calibration = this.form.read();
    this.viewer.redraw();
  }

  setShown(shown) {
    this.shown = shown;
    this.home.hidden = !shown;
    this.viewer.redraw();
  }

  /** The columns of a track: those typed, or the scan's. */
  columns(track) {
    const good = Number.isFinite(track.x0) && Number.isFinite(track.x1) && track.x0 !== null && track.x1 !== null;
    return good && track.x1 > track.x0 ? [track.x0, track.x1] : null;
  }

  draw(g, view) {
    const c = this.calibration;
    const [y0, y1] = regionRows(c, this.viewer.scan.height).map((y, i) => (Number.isFinite(y) ? y : [0, this.viewer.scan.height][i]));
    const lines = depthLines(c, this.viewer.scan.height);
    const handles = [];
    this.drawRegion(g, view, c, y0, y1);
    c.tracks.forEach((track, i) => this.drawTrack(g, view, track, i, y0, y1, lines, handles));
    if (c.y0 !== null) handles.push(this.rowHandle("y0", "Top of the region", view, y0, (y) => ({ y0: y })));
    if (c.y1 !== null) handles.push(this.rowHandle("y1", "Bottom of the region", view, y1, (y) => ({ y1: y })));
    if (c.depth_mode === "lines") c.lines.forEach((line, i) => this.drawLine(g, view, line, i, c.depth_unit, handles));
    this.placeHandles(handles, view);
  }

  drawRegion(g, view, c, y0, y1) {
    if (c.y0 === null && c.y1 === null) return;
    const top = view.sy(y0), bottom = view.sy(y1);
    g.fillStyle = "rgba(90,96,100,.22)";
    if (top > 0) g.fillRect(0, 0, view.width, Math.min(top, view.height));
    if (bottom < view.height) g.fillRect(0, Math.max(bottom, 0), view.width, view.height);
    stroke(g, BOX, 1, [0, top], [view.width, top]);
    stroke(g, BOX, 1, [0, bottom], [view.width, bottom]);
  }

  drawTrack(g, view, track, i, y0, y1, lines, handles) {
    const columns = this.columns(track);
    if (!columns) return;
    const left = view.sx(columns[0] + 0.5), right = view.sx(columns[1] + 0.5);
    const top = Math.max(view.sy(y0), -2), bottom = Math.min(view.sy(y1), view.height + 2);
    if (this.grid && bottom > top) this.drawGrid(g, view, track, left, right, top, bottom, lines);
    this.drawBorders(g, view, track, y0, y1);
    if (bottom > top) tag(g, `Track ${i + 1}`, (left + right) / 2, clamp(top + 12, 12, Math.max(bottom - 12, 12)), BOX, "center");
    const middle = clamp((Math.max(top, 0) + Math.min(bottom, view.height)) / 2, 20, view.height - 20) + ((i % 3) - 1) * 34;
    const edge = (side, x, name) => handles.push({
      key: `t${i}${side}`, name: `Track ${i + 1}, ${name} edge`, px: x, py: middle, vertical: false,
      value: side === "x0" ? columns[0] : columns[1], max: this.viewer.scan.width - 1,
      set: (value) => this.form.setNumbers({ track: { index: i, [side]: value } }),
    });
    edge("x0", left, "left");
    edge("x1", right, "right");
  }

  drawBorders(g, view, track, y0, y1) {
    const edges = edgesOf(track), at = bordersOf(edges, track, 0);
    const rows = [y0, ...edges.map(([y]) => y).filter((y) => y > y0 && y < y1), y1];
    for (const side of [0, 1]) stroke(g, BOX, 2, ...rows.map((y) => [view.sx(at(y)[side] + 0.5), view.sy(y)]));
  }

  drawGrid(g, view, track, left, right, top, bottom, lines) {
    const curve = track.curves.find(usable);
    if (curve && right - left > 60)
      for (const line of trackLines(curve)) {
        const x = left + line.fraction * (right - left);
        stroke(g, line.strong ? GRID_STRONG : GRID, 1, [x, top], [x, bottom]);
        if (line.strong) tag(g, label(line.value), x, clamp(bottom - 12, 12, view.height - 12), BOX, "center");
      }
    if (!lines.length) return;
    const a = depthAt(lines, view.iy(top)), b = depthAt(lines, view.iy(bottom));
    const perUnit = (bottom - top) / Math.abs(b - a);
    if (!Number.isFinite(perUnit) || perUnit <= 0) return;
    const { strong, fine } = depthSteps(perUnit);
    const low = Math.min(a, b), high = Math.max(a, b);
    for (const depth of multiples(fine, low, high)) {
      const y = view.sy(rowAt(lines, depth));
      stroke(g, GRID, 1, [left, y], [right, y]);
    }
    for (const depth of multiples(strong, low, high)) {
      const y = view.sy(rowAt(lines, depth));
      stroke(g, GRID_STRONG, 1, [left, y], [right, y]);
      tag(g, label(depth), left + 3, y, BOX);
    }
  }

  drawLine(g, view, line, i, unit, handles) {
    if (!Number.isFinite(line.row) || line.row === null) return;
    const y = view.sy(line.row + 0.5);
    stroke(g, LINE, 1.5, [0, y], [view.width, y]);
    const known = Number.isFinite(line.depth) && line.depth !== null;
    tag(g, known ? `${label(line.depth)} ${unit}` : "type its depth", view.width - 36, y, LINE, "right");
    handles.push(this.rowHandle(`l${i}`, `Depth line ${i + 1}`, view, line.row + 0.5,
      (y) => ({ line: { index: i, row: y } }), line.row, view.width - 18));
  }

  rowHandle(key, name, view, y, set, value = y, px = view.width / 2) {
    return { key, name, px, py: view.sy(y), vertical: true, value, max: this.viewer.scan.height, set: (v) => this.form.setNumbers(set(v)) };
  }

  /* --- handles --- */

  placeHandles(wanted, view) {
    const keys = new Set(wanted.map((h) => h.key));
    for (const [key, node] of this.handles)
      if (!keys.has(key)) {
        node.remove();
        this.handles.delete(key);
      }
    for (const handle of wanted) {
      const node = this.handles.get(handle.key) || this.makeHandle(handle);
      node.handle = handle;
      node.hidden = handle.px < -10 || handle.px > view.width + 10 || handle.py < -10 || handle.py > view.height + 10;
      node.style.transform = `translate(${handle.px}px, ${handle.py}px)`;
      node.setAttribute("aria-label", handle.name);
      node.setAttribute("aria-valuenow", handle.value);
      node.setAttribute("aria-valuetext", `${handle.vertical ? "row" : "column"} ${handle.value}`);
      node.setAttribute("aria-valuemax", handle.max);
    }
  }

  makeHandle(handle) {
    const node = el("div", {
      class: `handle ${handle.vertical ? "vertical" : "horizontal"}`, role: "slider", tabindex: "0", "aria-valuemin": "0",
      "aria-orientation": handle.vertical ? "vertical" : "horizontal",
    });
    const put = (value) => {
      node.handle.value = clamp(Math.round(value), 0, node.handle.max);
      node.handle.set(node.handle.value);
    };
    node.addEventListener("keydown", (event) => {
      const back = event.key === "ArrowUp" || event.key === "ArrowLeft", on = event.key === "ArrowDown" || event.key === "ArrowRight";
      if (!back && !on) return;
      event.preventDefault();
      put(node.handle.value + (back ? -1 : 1) * (event.shiftKey ? 10 : 1));
    });
    let grip = null;
    node.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      node.focus();
      node.setPointerCapture(event.pointerId);
      const { vertical, value } = node.handle;
      grip = { at: vertical ? event.clientY : event.clientX, value };
    });
    node.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const at = node.handle.vertical ? event.clientY : event.clientX;
      put(grip.value + (at - grip.at) / this.viewer.view.scale);
    });
    for (const type of ["pointerup", "pointercancel"]) node.addEventListener(type, () => (grip = null));
    this.handles.set(handle.key, node);
    this.home.append(node);
    return node;
  }

  /* --- tools --- */

  /** A tool that draws the box of a track; done({x0, x1, y0, y1}). */
  boxTool(done) {
    let from = null, to = null;
    const layer = (g, view) => {
      if (!from || this.viewer.tool !== tool) return;
      g.strokeStyle = BOX;
      g.lineWidth = 2;
      g.setLineDash([5, 4]);
      g.strokeRect(view.sx(from.x), view.sy(from.y), (to.x - from.x) * view.scale, (to.y - from.y) * view.scale);
      g.setLineDash([]);
    };
    const within = (a, b, max, pick) => clamp(Math.round(pick(a, b)), 0, max);
    const box = ({ width, height }) => ({
      x0: within(from.x, to.x, width - 1, Math.min), x1: within(from.x, to.x, width - 1, Math.max),
      y0: within(from.y, to.y, height, Math.min), y1: within(from.y, to.y, height, Math.max),
    });
    const tool = {
      down: (at) => (from = to = at),
      move: (at) => {
        to = at;
        this.viewer.redraw();
      },
      up: (at, cancelled) => {
        to = at;
        const drawn = box(this.viewer.scan);
        from = to = null;
        this.viewer.redraw();
        if (!cancelled && drawn.x1 - drawn.x0 >= 8 && drawn.y1 - drawn.y0 >= 8) done(drawn);
      },
    };
    this.viewer.addLayer(layer);
    return tool;
  }

  /** A tool that picks the row of a depth line; done(row). */
  lineTool(done) {
    let y = null;
    const tool = {
      hover: (at) => {
        y = at.y;
        this.viewer.redraw();
      },
      down: (at) => tool.hover(at),
      move: (at) => tool.hover(at),
      up: (at, cancelled) => {
        y = null;
        this.viewer.redraw();
        if (!cancelled) done(clamp(Math.floor(at.y), 0, this.viewer.scan.height - 1));
      },
    };
    this.viewer.addLayer((g, view) => {
      if (y === null || this.viewer.tool !== tool) return;
      stroke(g, LINE, 1, [0, view.sy(Math.floor(y) + 0.5)], [view.width, view.sy(Math.floor(y) + 0.5)]);
    });
    return tool;
  }
}
