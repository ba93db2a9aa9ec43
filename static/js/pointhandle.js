// One point of the chosen curve under a handle: arrow keys go along the curve and move it, a finger or the mouse
// drags it.  What keyboard and touch have in place of aiming at a thin line.

import { clamp, el } from "./util.js";

const STEP = 6; // pixels of the screen that a press of Up or Down goes

export class PointHandle {
  /** move(i, dx): moves sample i by dx pixels of the scan for good; show(i, dx): shows how that would look. */
  constructor(viewer, home, { move, show }) {
    Object.assign(this, { viewer, move, show, result: null, curve: null, at: 0, grip: null });
    this.node = el("div", {
      class: "handle point", role: "slider", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": "0", hidden: true,
    });
    home.append(this.node);
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.node.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.node.focus();
      this.node.setPointerCapture(event.pointerId);
      this.grip = { x: event.clientX, dx: 0 };
    });
    this.node.addEventListener("pointermove", (event) => {
      if (!this.grip) return;
      this.grip.dx = (event.clientX - this.grip.x) / this.viewer.view.scale;
      this.show(this.at, this.grip.dx);
    });
    for (const type of ["pointerup", "pointercancel"])
      this.node.addEventListener(type, () => {
        const { dx } = this.grip || { dx: 0 };
        this.grip = null;
        if (dx && type === "pointerup") this.move(this.at, dx);
        else this.show(this.at, 0);
      });
    viewer.addLayer((g, view) => this.place(view));
  }

  /** Puts the handle on a curve, at the sample nearest to row y; away without a curve. */
  on(result, curve, y) {
    Object.assign(this, { result, curve });
    this.node.hidden = !curve;
    if (curve) this.at = result.nearest(y);
    this.viewer.redraw();
  }

  place(view) {
    const { node, result, curve, at } = this;
    if (!curve) return;
    const value = curve.values[at], known = !Number.isNaN(value);
    const x = known ? view.sx(curve.x[at] + (this.grip?.dx || 0)) : view.width / 2, y = view.sy(result.y[at]);
    node.classList.toggle("away", x < -10 || x > view.width + 10 || y < -10 || y > view.height + 10);
    node.style.transform = `translate(${x}px, ${y}px)`;
    const depth = `${result.index[at]} ${result.unit || "row"}`;
    node.setAttribute("aria-label", `Point of ${curve.mnemonic}: Up and Down go along it, Left and Right move it`);
    node.setAttribute("aria-valuemax", result.n - 1);
    node.setAttribute("aria-valuenow", at);
    node.setAttribute("aria-valuetext", known ? `${depth}: ${Number(value.toPrecision(5))} ${curve.unit}` : `${depth}: no value`);
  }

  key(event) {
    const times = event.shiftKey ? 10 : 1, { result } = this;
    const down = { ArrowDown: 1, ArrowUp: -1 }[event.key], right = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!down && !right) return;
    event.preventDefault();
    if (right) return this.move(this.at, right * times);
    const target = result.nearest(result.y[this.at] + (down * times * STEP) / this.viewer.view.scale);
    const next = result.falling ? -down : down;
    this.at = clamp(target === this.at ? this.at + next : target, 0, result.n - 1);
    const { y0, y1 } = this.viewer.view, y = result.y[this.at];
    if (y < y0 || y > y1) this.viewer.scrollBy(0, (y - (y0 + y1) / 2) * this.viewer.view.scale);
    this.viewer.redraw();
  }
}
