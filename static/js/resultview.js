// What is shown of a result: its curves over the scan and in the plot, what is doubtful, the corrections, the files.

import { $, el, formatMs, parseNumber, saveText } from "./util.js";
import { drawCurve } from "./trace.js";
import { plotColor, scanColor } from "./colors.js";
import { Failure } from "./api.js";
import { download } from "./download.js";
import { editedCsv, editedLas } from "./exporting.js";
import { PointHandle } from "./pointhandle.js";
import { makeTool, setStretch } from "./correct.js";

const percent = (x) => `${Math.round(100 * x)} %`;

export class ResultView {
  /** fail(failure) tells of a file that could not be brought. */
  constructor(viewer, plot, fail) {
    Object.assign(this, { viewer, plot, fail, result: null, stripMarks: [], curve: null, tool: "", overlay: true });
    this.point = new PointHandle(viewer, $("points"), {
      move: (i, dx) => this.viewer.tool.nudge(i, dx, this.viewer.view),
      show: (i, dx) => this.viewer.tool.show(i, dx, this.viewer.view),
    });
    viewer.addLayer((g, view) => this.result && this.drawOver(g, view));
    viewer.marks = () => this.stripMarks;
    plot.onHover = (y) => this.hover(y);
    $("tools").addEventListener("change", () => this.choose($("tools").querySelector("input:checked").value));
    $("undo").addEventListener("click", () => this.step("undo"));
    $("redo").addEventListener("click", () => this.step("redo"));
    $("stretch").addEventListener("submit", (event) => this.setByNumbers(event));
    $("edit-curve").addEventListener("change", () => this.select(Number($("edit-curve").value)));
    $("next-doubt").addEventListener("click", () => this.jump(1));
    $("last-doubt").addEventListener("click", () => this.jump(-1));
    $("copy-curl").addEventListener("click", () => navigator.clipboard?.writeText($("curl").textContent));
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.target.matches("input, textarea") || !this.result) return;
      if (event.key === "z" || event.key === "y") {
        event.preventDefault();
        this.step(event.key === "y" || event.shiftKey ? "redo" : "undo");
      }
    });
  }

  /** files: {csv, las}: functions that bring their texts (las null where there is none).  The curves are drawn
   * first, the lists a frame later: a tall scan's take longer. */
  show(result, files, curl) {
    Object.assign(this, { result, files, at: -1, doubts: [], stripMarks: [] });
    const { reply } = result;
    $("warnings").replaceChildren(...reply.warnings.map((text) => el("p", { class: "warning", text })));
    $("curl").textContent = curl;
    $("facts").textContent =
      `${reply.model.title}, ${reply.model.sha256.slice(0, 12)} · ${result.n.toLocaleString("en")} samples` +
      (reply.depth ? ` every ${reply.depth.step} ${reply.depth.unit}` : " by row") + ` · ${formatMs(reply.timing.total)}`;
    $("edit-curve").replaceChildren(...result.curves.map((c, k) => el("option", { value: k, text: c.mnemonic })));
    this.select(0);
    this.choose("");
    this.plot.show(result);
    this.listFiles();
    this.viewer.redraw();
    requestAnimationFrame(() => setTimeout(() => this.result === result && this.refresh()));
  }

  clear() {
    this.result = this.plot.result = null;
    this.stripMarks = [];
    this.point.on(null, null);
    this.viewer.setTool(null);
  }

  select(k) {
    this.curve = this.result.curves[k] || null;
    this.plot.chosen = this.curve;
    this.choose(this.tool);
    this.plot.redraw();
  }

  refresh() {
    this.doubts = this.result.doubts();
    this.markStrip();
    this.listCurves();
    this.listDoubts();
    this.listFiles();
    $("undo").disabled = !this.result.done.length;
    $("redo").disabled = !this.result.undone.length;
    this.plot.redraw();
    this.viewer.redraw();
  }

  /* --- over the scan --- */

  drawOver(g, view) {
    const { result } = this;
    if (this.overlay) {
      const range = result.range(view.y0, view.y1);
      for (const curve of result.curves) {
        if (!curve.shown) continue;
        drawCurve(g, curve, range, (i) => (Number.isNaN(curve.fraction[i]) ? NaN : view.sx(curve.x[i])), (i) => view.sy(result.y[i]),
          { color: scanColor(curve.number), width: curve === this.curve && this.tool ? 3 : 2, jump: view.scale * 0.8 * this.trackWidth(curve) });
      }
    }
    const points = this.viewer.tool?.preview?.();
    if (points && points.length) {
      g.strokeStyle = "#d3131c";
      g.lineWidth = 2;
      g.beginPath();
      points.sort((a, b) => a[1] - b[1]).forEach(([x, y], i) => (i ? g.lineTo(view.sx(x), view.sy(y)) : g.moveTo(view.sx(x), view.sy(y))));
      g.stroke();
    }
  }

  trackWidth(curve) {
    const [x0, x1] = this.result.tracks[curve.track](this.result.y[0]);
    return x1 - x0;
  }

  markStrip() {
    this.stripMarks = this.doubts.slice(0, 2000).map(({ from, to }) => {
      const a = this.result.y[from], b = this.result.y[to - 1];
      return { y0: Math.min(a, b), y1: Math.max(a, b), color: "#d3131c" };
    });
  }

  hover(y) {
    this.plot.cursor = y;
    this.plot.redraw();
    const { result } = this;
    if (y === null || !result || !result.n) return ($("readout").textContent = "");
    const i = result.nearest(y);
    $("readout").textContent = [`${result.index[i]} ${result.unit || "row"}`, ...result.curves.filter((c) => c.shown)
      .map((c) => `${c.mnemonic} ${Number.isNaN(c.values[i]) ? "no value" : Number(c.values[i].toPrecision(5))}`)].join(" · ");
  }

  /* --- lists --- */

  listCurves() {
    $("curve-list").replaceChildren(...this.result.curves.map((curve) => {
      const { coverage, confidence, read } = this.result.summary(curve);
      const box = el("input", { type: "checkbox", on: { change: () => {
        curve.shown = box.checked;
        this.plot.layOut();
        this.plot.redraw();
        this.viewer.redraw();
      } } });
      box.checked = curve.shown;
      const swatch = el("span", { class: `sample ${curve.style}` });
      swatch.style.borderTopColor = plotColor(curve.number);
      return el("li", {}, el("label", { class: "switch" }, box, swatch, el("b", { text: curve.mnemonic }),
        el("span", { class: "dim", text: `${percent(coverage)} found, ${read ? `${percent(confidence)} sure` : "edited"}` })));
    }));
  }

  depthText(i) {
    const decimals = String(this.result.reply.depth?.step ?? 1).split(".")[1]?.length ?? 0;
    return this.result.index[i].toFixed(decimals);
  }

  listDoubts() {
    const { doubts } = this, most = 200;
    $("doubt-count").textContent = doubts.length ? String(doubts.length) : "none";
    $("next-doubt").disabled = $("last-doubt").disabled = !doubts.length;
    $("doubts").replaceChildren(...doubts.slice(0, most).map((doubt, k) => el("li", {}, el("button", {
      type: "button", class: "quiet", on: { click: () => this.goTo(k) },
    }, el("b", { text: doubt.curve.mnemonic }), ` ${this.depthText(doubt.from)} to ${this.depthText(doubt.to - 1)} ${this.result.unit}`,
    el("span", { class: "dim", text: doubt.confidence === null ? "no value" : `${percent(doubt.confidence)} sure` })))));
    if (doubts.length > most) $("doubts").append(el("li", { class: "dim", text: `and ${doubts.length - most} more` }));
  }

  goTo(k) {
    const { curve, from, to } = this.doubts[k], { y } = this.result;
    this.at = k;
    $("edit-curve").value = curve.number;
    this.select(curve.number);
    this.plot.mover.goTo(Math.min(y[from], y[to - 1]), Math.max(y[from], y[to - 1]));
    this.plot.cursor = (y[from] + y[to - 1]) / 2;
    this.plot.redraw();
    $("stretch-from").value = this.depthText(from);
    $("stretch-to").value = this.depthText(to - 1);
  }

  jump(by) {
    const n = this.doubts.length;
    if (n) this.goTo((this.at + by + n + (this.at < 0 && by < 0 ? 1 : 0)) % n);
  }

  listFiles() {
    const { result, files } = this, { artifacts, image } = result.reply;
    const stem = (image.name || "curves").replace(/\.tiff?$/i, "");
    const date = new Date().toISOString().slice(0, 10);
    const edited = result.isEdited;
    const bring = (work) => work().catch((failure) => {
      if (!(failure instanceof Failure)) throw failure;
      this.fail(failure);
    });
    const nodes = [];
    if (edited && files.las)
      nodes.push(el("button", { type: "button", class: "main", text: "Corrected LAS", on: {
        click: () => bring(async () => saveText(`${stem}_edited.las`, "text/plain", editedLas(await files.las(), result, date))) } }));
    if (edited)
      nodes.push(el("button", { type: "button", text: "Corrected CSV", on: {
        click: () => bring(async () => saveText(`${stem}_edited.csv`, "text/csv", editedCsv(await files.csv(), result))) } }));
    for (const [kind, name] of [["las", "LAS"], ["csv", "CSV"], ["overlay", "Overlay PNG"]]) {
      const href = artifacts[kind], file = `${stem}.${kind === "overlay" ? "png" : kind}`;
      if (href)
        nodes.push(el("a", { class: kind === "las" && !edited ? "button main" : "button", href, download: file,
          text: edited && kind !== "overlay" ? `${name} as digitized` : name, on: {
            click: (event) => {
              event.preventDefault();
              bring(() => download(href, file));
            } } }));
    }
    $("downloads").replaceChildren(...nodes);
  }

  /* --- corrections --- */

  choose(name) {
    this.tool = name;
    for (const input of $("tools").querySelectorAll("input")) input.checked = input.value === name;
    if (!this.viewer.isOpen) return;
    const state = {
      result: this.result, curve: this.curve, redraw: () => this.viewer.redraw(), changed: () => this.refresh(),
    };
    this.viewer.setTool(name && this.curve ? makeTool[name](state) : null);
    const { y0, y1 } = this.viewer.view;
    const y = this.plot.cursor !== null && this.plot.cursor > y0 && this.plot.cursor < y1 ? this.plot.cursor : (y0 + y1) / 2;
    this.point.on(this.result, name === "drag" ? this.curve : null, y);
  }

  step(which) {
    if (this.result?.[which]()) this.refresh();
  }

  setByNumbers(event) {
    event.preventDefault();
    const [from, to, a, b] = ["stretch-from", "stretch-to", "stretch-a", "stretch-b"].map((id) => parseNumber($(id).value));
    const say = (text) => ($("stretch-said").textContent = text);
    if (![from, to].every(Number.isFinite) || from === null || to === null) return say("Type the two depths of the stretch.");
    if (Number.isNaN(a) || Number.isNaN(b)) return say("A value is not a number.");
    if (this.curve.scale === "log" && [a, b].some((v) => v !== null && v <= 0)) return say("A log scale needs values above 0.");
    const n = setStretch(this.result, this.curve, from, to, a, b);
    say(n ? `${n} samples of ${this.curve.mnemonic} ${a === null ? "emptied" : "set"}.` : "No sample lies there.");
    this.refresh();
  }
}
