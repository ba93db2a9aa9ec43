// The page: a scan comes in, is digitized, and its result is shown.

import { $, el, formatBytes, formatMs, saveText } from "./util.js";
import * as api from "./api.js";
import * as form from "./form.js";
import { check, emptyCalibration, fromLayout, requestFields, toLayout } from "./calibration.js";
import { scan, withScan } from "./scan.js";
import { peek, stopPeek } from "./peek.js";
import { showStep, startGuide } from "./guide.js";
import { Viewer } from "./viewer.js";
import { Marks } from "./marks.js";
import { LogPlot, PlainView } from "./logplot.js";
import { CsvReader } from "./csv.js";
import { Result } from "./curves.js";
import { ResultView } from "./resultview.js";
import { isDark } from "./colors.js";
import { refresh as refreshBudget, setLast, start as startBudget } from "./budget.js";

const viewer = new Viewer($("viewer"), $("strip"));
const marks = new Marks(viewer, form, $("handles"));
const plain = new PlainView($("plot"));
const plot = new LogPlot($("plot"), $("plot-header"), plain);
const resultView = new ResultView(viewer, plot, showFailure);

let running = null; // the AbortController of what is under way

/* --- errors --- */

function showProblem(text) {
  $("problem").textContent = text;
  $("problem").hidden = false;
}

function showFailure(failure) {
  if (failure.kind === "cancelled") return showProblem("Cancelled. Nothing was lost: press Digitize to start again.");
  const input = failure.field ? form.showError(failure.field, failure.message) : null;
  showProblem(failure.message);
  (input || $("problem")).scrollIntoView({ block: "nearest" });
  if (input) input.focus();
  if (failure.status === 401) {
    $("server-part").open = true;
    $("api_key").focus();
  }
}

/* --- the scan --- */

function takeFile(file) {
  if (!file) return;
  Object.assign(scan, { file, key: "", size: null });
  $("problem").hidden = true;
  showFacts();
  api.setApiKey($("api_key").value);
  showPreview();
}

function showFacts() {
  const { file, size } = scan, { well } = form.readHeader();
  $("scan-facts").textContent = `${file.name || "pasted scan"}, ${formatBytes(file.size)}` +
    (size ? `, ${size.width} × ${size.height} pixels` : "") + (well ? `. The LAS header below still names the well ${well}.` : "");
  $("scan-facts").hidden = false;
}

function startChoosing() {
  $("file").addEventListener("change", () => takeFile($("file").files[0]));
  const drop = $("drop");
  for (const type of ["dragenter", "dragover"])
    window.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  window.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    takeFile(event.dataTransfer.files[0]);
  });
  window.addEventListener("paste", (event) => takeFile(event.clipboardData.files[0]));
}

/** The sample's scan and its calibration, drawn by the project's own generator. */
async function takeSample() {
  try {
    const [picture, sample] = await Promise.all([api.call("/sample/sample.tif"), api.getJson("/sample/sample.json")]);
    form.write(fromLayout(sample));
    takeFile(new File([await picture.blob()], "sample.tif", { type: "image/tiff" }));
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    showFailure(failure);
  }
}

/* --- digitizing --- */

const stageNames = {
  upload: "Sending the scan", queue: "Waiting for a free slot", start: "Starting", weights: "Reading the weights",
  fetch: "Fetching the scan", decode: "Reading the TIFF", network: "CurveNet",
  trace: "Tracing the curves", calibrate: "Reading depths and scales", write: "Writing CSV and LAS", store: "Storing the result",
};

function showProgress(stage, fraction, ms, more = "") {
  const percent = Math.round(100 * fraction);
  $("bar").style.width = `${percent}%`;
  $("bar").setAttribute("aria-valuenow", percent);
  const name = (stageNames[stage] || stage) + more;
  if ($("stage-name").textContent !== name) $("stage-name").textContent = name;
  $("stage-time").textContent = ms === undefined ? "" : formatMs(ms);
}

function setRunning(controller) {
  running = controller;
  $("work").hidden = $("cancel").hidden = !controller;
  $("digitize-button").hidden = Boolean(controller);
  (controller ? $("cancel") : $("digitize-button")).focus();
}

async function digitize(body, signal) {
  const started = performance.now();
  const onUpload = (sent, total) =>
    showProgress("upload", total ? sent / total : 1, performance.now() - started, `: ${formatBytes(sent)} of ${formatBytes(total)}`);
  return withScan({ signal, onUpload }, (key) =>
    api.postStream("/digitize", { ...body, confidence: 1, key }, {
      signal,
      onProgress: (p) => showProgress(p.stage, p.fraction, p.ms),
    }));
}

async function submit(event) {
  event.preventDefault();
  if (running) return;
  form.clearErrors();
  $("problem").hidden = true;
  if (!scan.file) {
    form.showError("file", "Choose a scan first, or try the sample.");
    return $("file").focus();
  }
  const wrong = check(form.read());
  if (wrong.length) {
    const inputs = wrong.map((w) => form.showError(w.field, w.text));
    showProblem(wrong.length === 1 ? wrong[0].text : `${wrong.length} fields need a look.`);
    return inputs.find(Boolean)?.focus();
  }
  api.setApiKey($("api_key").value);
  const controller = new AbortController();
  const calibration = form.read(), fields = { ...requestFields(calibration), ...form.readHeader() };
  if ($("model").value) fields.model = $("model").value;
  setRunning(controller);
  showProgress("start", 0);
  try {
    await showResult(await digitize(fields, controller.signal), calibration, fields);
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    showFailure(failure);
  } finally {
    setRunning(null);
    if (resultView.result) showTab($("result").hidden ? "form" : "result");
  }
}

/* --- the scan on the screen --- */

function showDesk(shown) {
  $("desk").hidden = !shown;
  $("empty").hidden = shown;
}

function showPreview() {
  closeResult();
  viewer.close();
  showDesk(false);
  guide();
  peek({
    fail: showFailure,
    show: async (made) => {
      showDesk(true);
      await viewer.open(made);
      showFacts();
      marks.setShown(true);
      guide();
    },
  });
}

const guide = () => showStep(form.read(), viewer.isOpen ? scan.size.height : null);

function startDesk() {
  const press = (id, f) => $(id).addEventListener("click", () => viewer.isOpen && f());
  press("whole", () => viewer.whole());
  press("width", () => viewer.fitWidth());
  press("in", () => viewer.zoomBy(1.5));
  press("out", () => viewer.zoomBy(1 / 1.5));
  $("stop-preview").addEventListener("click", stopPeek);
  const setTool = (id) => {
    for (const name of ["draw-track", "pick-line"]) $(name).setAttribute("aria-pressed", String(name === id));
    viewer.setTool(id === "draw-track" ? boxTool : id === "pick-line" ? lineTool : null);
  };
  const boxTool = marks.boxTool((box) => {
    setTool("");
    form.setBox(box);
    showTab("form");
  });
  const lineTool = marks.lineTool((row) => {
    setTool("");
    showTab("form");
    form.pickLine(row);
  });
  for (const id of ["draw-track", "pick-line"])
    press(id, () => {
      marks.setShown(true);
      resultView.result && resultView.choose("");
      setTool($(id).getAttribute("aria-pressed") === "true" ? "" : id);
    });
  document.addEventListener("keydown", (event) => event.key === "Escape" && viewer.tool && (setTool(""), resultView.result && resultView.choose("")));
  $("grid").addEventListener("change", () => {
    marks.grid = $("grid").checked;
    viewer.redraw();
  });
  $("curves-shown").addEventListener("change", () => {
    resultView.overlay = $("curves-shown").checked;
    viewer.redraw();
  });
}

/* --- the result --- */

function showTab(name) {
  for (const tab of ["form", "result"]) {
    $(tab).hidden = tab !== name;
    $(`tab-${tab}`).setAttribute("aria-selected", String(tab === name));
    $(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
  }
  document.querySelector(".panel > .go").hidden = name === "result" && !running;
  for (const part of document.querySelectorAll("#toolbar .calibrating")) part.hidden = name !== "form";
  $("curves-switch").hidden = name === "form" || !viewer.isOpen;
  marks.setShown(name === "form");
}

function closeResult() {
  if (!resultView.result) return;
  resultView.clear();
  $("tabs").hidden = true;
  $("desk").classList.remove("with-plot");
  showTab("form");
}

const quoted = (text) => `'${String(text).replace(/'/g, "'\\''")}'`;

/** The curl command that does the same. */
function curlOf(fields) {
  const parts = [`curl -F scan=@${quoted(scan.file.name || "scan.tif")}`];
  for (const [name, value] of Object.entries(fields))
    for (const one of Array.isArray(value) ? value : [typeof value === "object" ? JSON.stringify(value) : value])
      parts.push(`-F ${quoted(`${name}=${one}`)}`);
  return `${parts.join(" \\\n     ")} \\\n     -F format=las ${location.origin}/digitize > curves.las`;
}

/** Brings the LAS once, when something was corrected and it is wanted. */
function lasOf(url) {
  let kept = null;
  return () => (kept ??= api.getText(url).catch((failure) => {
    kept = null;
    throw failure;
  }));
}

async function showResult(reply, calibration, fields) {
  const { artifacts } = reply, reader = new CsvReader();
  const [csv, edges] = await Promise.all([
    api.getPieces(artifacts.csv, (piece) => reader.push(piece)),
    artifacts.edges ? api.getJson(artifacts.edges) : null,
  ]);
  const result = new Result(reply, calibration, reader.end(), edges);
  setLast(reply);
  localStorage.setItem("calibration", JSON.stringify(toLayout(calibration, reply.image.height)));
  $("last-calibration").disabled = false;
  showDesk(true);
  $("desk").classList.add("with-plot");
  $("desk").classList.toggle("no-scan", !viewer.isOpen);
  $("tabs").hidden = false;
  plot.mover = viewer.isOpen ? viewer : plain;
  resultView.show(result, { csv: () => csv.text(), las: artifacts.las && lasOf(artifacts.las) }, curlOf(fields));
  showTab("result");
  const y0 = Math.min(result.y[0], result.y[result.n - 1]), y1 = Math.max(result.y[0], result.y[result.n - 1]);
  if (!viewer.isOpen) plain.fit(y0, y1);
  else {
    // The viewer takes its new size after the next frame, and would move what was shown before.
    const top = Math.max(viewer.view.y0, y0);
    requestAnimationFrame(() => requestAnimationFrame(() => viewer.isOpen && resultView.result === result && showTracks(result, top, y1)));
  }
  if (innerWidth <= 900) $("stage").scrollIntoView();
}

/** Fits the tracks' width into what the plot has left of the screen; keeps the rows that were seen. */
function showTracks(result, top, y1) {
  const sides = result.tracks.map((borders) => borders(result.y[0]));
  const x0 = Math.min(...sides.map((s) => s[0])), x1 = Math.max(...sides.map((s) => s[1]));
  const margin = 0.05 * (x1 - x0);
  viewer.show(x0 - margin, Math.min(top, y1) - margin / 2, x1 - x0 + 2 * margin, true);
}

/* --- calibrations kept --- */

function useLayout(layout) {
  try {
    form.write(fromLayout(layout));
  } catch (error) {
    showProblem(error.message);
  }
}

function startCalibrations() {
  $("last-calibration").disabled = !localStorage.getItem("calibration");
  $("last-calibration").addEventListener("click", () => useLayout(JSON.parse(localStorage.getItem("calibration"))));
  $("save-calibration").addEventListener("click", () =>
    saveText("calibration.json", "application/json", JSON.stringify(toLayout(form.read(), scan.size?.height ?? null), null, 2) + "\n"));
  $("calibration-file").addEventListener("change", async () => {
    const file = $("calibration-file").files[0];
    $("calibration-file").value = "";
    if (!file) return;
    try {
      useLayout(JSON.parse(await file.text()));
    } catch {
      showProblem(`${file.name} is not JSON: a calibration is a file that “Save as file” wrote.`);
    }
  });
}

/* --- start --- */

async function showModels() {
  try {
    const { default: name, models } = await api.getJson("/models");
    $("model").append(...models.map((m) => el("option", { value: m.name, text: m.name })));
    $("server").textContent = models.some((m) => m.name === name) ? `model ${name}` : `no checkpoint named ${name} yet`;
  } catch {
    $("server").textContent = "the server does not answer";
  }
}

function showPage() {
  const page = location.hash === "#budget" ? "budget" : "digitize";
  for (const name of ["digitize", "budget"]) {
    $(name).hidden = name !== page;
    const link = document.querySelector(`.bar nav a[href="#${name}"]`);
    if (name === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (page === "budget") refreshBudget();
}

function startTheme() {
  const kept = localStorage.getItem("theme");
  if (kept) document.documentElement.dataset.theme = kept;
  $("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", document.documentElement.dataset.theme);
    if (resultView.result) {
      plot.layOut();
      resultView.refresh();
    }
  });
}

function start() {
  form.start();
  form.write(emptyCalibration());
  startChoosing();
  startDesk();
  startCalibrations();
  startBudget();
  startTheme();
  startGuide();
  form.onChange(guide);
  viewer.onView(() => plot.redraw());
  plain.changed = () => plot.redraw();
  for (const tab of ["form", "result"]) {
    $(`tab-${tab}`).addEventListener("click", () => showTab(tab));
    $(`tab-${tab}`).addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = tab === "form" ? "result" : "form";
      showTab(other);
      $(`tab-${other}`).focus();
    });
  }
  $("sample").addEventListener("click", takeSample);
  $("form").addEventListener("submit", submit);
  $("cancel").addEventListener("click", () => running && running.abort());
  addEventListener("hashchange", showPage);
  showPage();
  showModels();
}

start();
