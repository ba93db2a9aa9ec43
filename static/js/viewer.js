// The scan, however tall: OpenSeadragon shows the tiles, layers draw over them, a strip at the side shows
// all of it at once.

import { clamp, eachFrame, el } from "./util.js";

const NONE = [], STRIP_WIDTH = 54;

let library = null;
function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = el("script", { src: "/vendor/openseadragon/openseadragon.min.js" });
    script.onload = () => resolve(window.OpenSeadragon);
    script.onerror = () => {
      library = null;
      reject(new Error("The viewer could not be loaded."));
    };
    document.head.append(script);
  });
  return library;
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Viewer {
  /** host: an empty positioned element; strip: a canvas that shows the whole scan. */
  constructor(host, strip) {
    this.host = host;
    this.strip = strip;
    this.scan = null; // what POST /previews said
    this.layers = [];
    this.watchers = [];
    this.marks = () => NONE; // [{y0, y1, color}] to show on the strip; another array when they have changed
    this.tool = null; // {cursor, down, move, up} in pixels of the scan, or null: moving about
    this.canvas = el("canvas", { class: "layer", "aria-hidden": "true" });
    this.redraw = eachFrame(() => this.draw());
    new ResizeObserver(() => this.redraw()).observe(host);
    new ResizeObserver(() => this.drawStrip()).observe(strip);
    this.listen();
  }

  /** Shows a scan; resolves when it can be moved about. */
  async open(scan) {
    const OpenSeadragon = await loadLibrary();
    this.close();
    this.scan = scan;
    const home = el("div", { class: "tiles" });
    this.host.prepend(home);
    this.osd = OpenSeadragon({
      element: home, showNavigationControl: false, preserveImageSizeOnResize: true, visibilityRatio: 0.2,
      minZoomImageRatio: 0.9, maxZoomPixelRatio: 6, animationTime: calm() ? 0 : 0.35, springStiffness: 9,
      imageLoaderLimit: 6, maxImageCacheCount: 300, placeholderFillStyle: "#fff", smoothTileEdgesMinZoom: Infinity,
      gestureSettingsMouse: { clickToZoom: false, scrollToZoom: false, dblClickToZoom: true },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true, flickEnabled: true },
      gestureSettingsPen: { clickToZoom: false },
      tileSources: this.source(scan),
    });
    this.osd.canvas.setAttribute("role", "application");
    this.osd.canvas.setAttribute("aria-label", "The scan. Arrow keys move, plus and minus zoom.");
    this.osd.addHandler("update-viewport", () => this.draw());
    this.osd.addHandler("tile-load-failed", () => this.host.dispatchEvent(new CustomEvent("tilelost")));
    this.loadPicture(scan.overview);
    this.host.append(this.canvas);
    await new Promise((resolve) => this.osd.addOnceHandler("open", resolve));
    this.osd.addSimpleImage({ url: scan.overview, index: 0, width: 1, success: () => this.redraw() });
    this.fitWidth(true);
  }

  /** The whole scan for the strip, shrunk once to about the strip's width: a browser may decode it anew otherwise. */
  loadPicture(url) {
    const picture = new Image();
    picture.onload = () => {
      const small = el("canvas", { width: Math.min(2 * STRIP_WIDTH, picture.naturalWidth), height: picture.naturalHeight });
      small.getContext("2d").drawImage(picture, 0, 0, small.width, small.height);
      if (this.scan?.overview !== url) return;
      this.picture = small;
      this.drawStrip();
    };
    picture.src = url;
  }

  /** Level 0 is the scan; OpenSeadragon counts from the smallest. */
  source(scan) {
    return {
      width: scan.width, height: scan.height, tileSize: scan.tile, minLevel: 0, maxLevel: scan.levels - 1,
      getTileUrl: (level, column, row) =>
        scan.tiles.replace("{level}", scan.levels - 1 - level).replace("{column}", column).replace("{row}", row),
    };
  }

  close() {
    if (this.osd) this.osd.destroy();
    this.host.querySelector(".tiles")?.remove();
    this.canvas.remove();
    this.osd = this.scan = this.picture = this.ground = null;
  }

  get isOpen() {
    return Boolean(this.osd && this.osd.isOpen());
  }

  /* --- where it looks --- */

  /** The scan's pixels in those of the screen: sx, sy from the scan, ix, iy to it. */
  get view() {
    const bounds = this.osd.viewport.getBounds(true);
    const width = this.host.clientWidth, height = this.host.clientHeight;
    const scale = width / (bounds.width * this.scan.width);
    const x0 = bounds.x * this.scan.width, y0 = bounds.y * this.scan.width;
    return {
      width, height, scale, x0, y0, x1: x0 + width / scale, y1: y0 + height / scale,
      sx: (x) => (x - x0) * scale, sy: (y) => (y - y0) * scale, ix: (px) => x0 + px / scale, iy: (py) => y0 + py / scale,
    };
  }

  /** Shows the rectangle of the scan as it is, without fitting it. */
  show(x0, y0, width, at_once = false) {
    const w = this.scan.width, aspect = this.host.clientHeight / this.host.clientWidth;
    this.osd.viewport.fitBounds(new window.OpenSeadragon.Rect(x0 / w, y0 / w, width / w, (width / w) * aspect), at_once || calm());
  }

  fitWidth(at_once = false) {
    const y = at_once ? 0 : Math.max(0, this.view.y0);
    this.show(-0.02 * this.scan.width, y - 4, 1.04 * this.scan.width, at_once);
  }

  whole() {
    const height = 1.02 * this.scan.height;
    const width = Math.max(1.04 * this.scan.width, (height * this.host.clientWidth) / this.host.clientHeight);
    this.show((this.scan.width - width) / 2, -0.01 * this.scan.height, width);
  }

  /** Brings rows y0 to y1 into the middle, with something around them. */
  goTo(y0, y1) {
    const view = this.view;
    const rows = Math.max((y1 - y0) * 1.6, 60);
    const width = Math.max(view.width / view.scale, (rows * view.width) / view.height);
    const height = (width * view.height) / view.width;
    const center = width > this.scan.width ? this.scan.width / 2 : (view.x0 + view.x1) / 2;
    this.show(center - width / 2, (y0 + y1) / 2 - height / 2, width);
  }

  scrollBy(px, py) {
    const view = this.view, w = this.scan.width;
    this.osd.viewport.panBy(new window.OpenSeadragon.Point(px / view.scale / w, py / view.scale / w), true);
    this.osd.viewport.applyConstraints(true);
  }

  /** Zooms about a place on the screen; its middle if none is given. */
  zoomBy(factor, px, py) {
    const view = this.view;
    const x = view.ix(px ?? view.width / 2) / this.scan.width, y = view.iy(py ?? view.height / 2) / this.scan.width;
    this.osd.viewport.zoomBy(factor, new window.OpenSeadragon.Point(x, y), false);
    this.osd.viewport.applyConstraints(false);
  }

  onView(f) {
    this.watchers.push(f);
  }

  /* --- drawing --- */

  addLayer(draw) {
    this.layers.push(draw);
  }

  draw() {
    if (!this.isOpen) return;
    const view = this.view, ratio = window.devicePixelRatio || 1, { canvas } = this;
    const w = Math.round(view.width * ratio), h = Math.round(view.height * ratio);
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, view.width, view.height);
    for (const layer of this.layers) layer(g, view);
    for (const watcher of this.watchers) watcher(view);
    this.drawStrip(view);
  }

  drawStrip(view = this.isOpen ? this.view : null) {
    const { strip } = this;
    const ratio = window.devicePixelRatio || 1, width = strip.clientWidth, height = strip.clientHeight;
    if (!width || !view) return;
    const w = Math.round(width * ratio), h = Math.round(height * ratio);
    if (strip.width !== w || strip.height !== h) Object.assign(strip, { width: w, height: h });
    const g = strip.getContext("2d"), per = height / this.scan.height;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.drawImage(this.stripGround(w, h), 0, 0);
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    const top = clamp(view.y0 * per, 0, height), bottom = clamp(view.y1 * per, 0, height);
    g.fillStyle = "rgba(20,40,60,.16)";
    g.fillRect(0, 0, width, top);
    g.fillRect(0, bottom, width, height - bottom);
    g.strokeStyle = "#0b6bcb";
    g.lineWidth = 2;
    g.strokeRect(1, top + 1, width - 2, Math.max(bottom - top - 2, 3));
    const percent = Math.round((100 * (view.y0 + view.y1)) / 2 / this.scan.height);
    strip.setAttribute("aria-valuenow", clamp(percent, 0, 100));
  }

  /** The scan and the marks of the strip, kept while they are the same: shrinking the picture is slow. */
  stripGround(w, h) {
    const { picture, ground, grounded } = this, marks = this.marks();
    if (ground && ground.width === w && ground.height === h && grounded.marks === marks && grounded.picture === picture) return ground;
    this.grounded = { marks, picture };
    this.ground = el("canvas", { width: w, height: h });
    const g = this.ground.getContext("2d"), per = h / this.scan.height, edge = (6 * w) / this.strip.clientWidth;
    g.fillStyle = "#fff";
    g.fillRect(0, 0, w, h);
    if (picture) g.drawImage(picture, 0, 0, w, h);
    for (const { y0, y1, color } of marks) {
      g.fillStyle = color;
      g.fillRect(w - edge, y0 * per, edge, Math.max((y1 - y0) * per, 1.5));
    }
    return this.ground;
  }

  /* --- pointers and keys --- */

  setTool(tool) {
    this.tool = tool;
    this.canvas.classList.toggle("active", Boolean(tool));
    this.canvas.style.cursor = tool ? tool.cursor || "crosshair" : "";
    this.redraw();
  }

  listen() {
    this.host.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    const place = (event) => {
      const box = this.host.getBoundingClientRect(), view = this.view;
      return { x: view.ix(event.clientX - box.left), y: view.iy(event.clientY - box.top), view, event };
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.tool || event.button > 0) return;
      event.preventDefault();
      this.canvas.setPointerCapture(event.pointerId);
      this.drag = event.pointerId;
      this.tool.down?.(place(event));
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.tool && this.drag === event.pointerId) this.tool.move?.(place(event));
      else if (this.tool) this.tool.hover?.(place(event));
    });
    for (const type of ["pointerup", "pointercancel"])
      this.canvas.addEventListener(type, (event) => {
        if (this.drag !== event.pointerId) return;
        this.drag = null;
        this.tool?.up?.(place(event), type === "pointercancel");
      });
    this.listenStrip();
  }

  /** The wheel moves down the log; with Ctrl (or a pinch on a pad) it zooms. */
  wheel(event) {
    if (!this.isOpen) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 24 : event.deltaMode === 2 ? this.host.clientHeight : 1;
    const box = this.host.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey)
      this.zoomBy(Math.exp(-event.deltaY * unit * 0.004), event.clientX - box.left, event.clientY - box.top);
    else if (event.shiftKey && !event.deltaX) this.scrollBy(event.deltaY * unit, 0);
    else this.scrollBy(event.deltaX * unit, event.deltaY * unit);
  }

  listenStrip() {
    const { strip } = this;
    const go = (event) => {
      if (!this.isOpen) return;
      const box = strip.getBoundingClientRect(), view = this.view;
      const y = ((event.clientY - box.top) / box.height) * this.scan.height;
      this.show(view.x0, y - (view.y1 - view.y0) / 2, view.x1 - view.x0, true);
    };
    strip.addEventListener("pointerdown", (event) => {
      strip.setPointerCapture(event.pointerId);
      go(event);
    });
    strip.addEventListener("pointermove", (event) => event.buttons && go(event));
    strip.addEventListener("keydown", (event) => {
      if (!this.isOpen) return;
      const page = this.host.clientHeight, all = this.scan.height * this.view.scale;
      const step = { ArrowDown: 60, ArrowUp: -60, PageDown: 0.9 * page, PageUp: -0.9 * page, End: all, Home: -all }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.scrollBy(0, step);
    });
  }
}
