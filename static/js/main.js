// The page: a scan comes in, is digitized, and its result is shown.

import { $, el, formatBytes, formatMs } from "./util.js";
import * as api from "./api.js";
import * as form from "./form.js";
import { check, emptyCalibration, requestFields } from "./calibration.js";

const scan = { file: null, key: "" };
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
  Object.assign(scan, { file, key: "" });
  $("problem").hidden = true;
  $("scan-facts").textContent = `${file.name || "pasted scan"}, ${formatBytes(file.size)}`;
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
    const [x0, y0, x1, y1] = sample.track;
    form.write({
      ...emptyCalibration(), depth_unit: sample.depth_unit, depth_top: sample.depth_top, depth_bottom: sample.depth_bottom,
      y0, y1, tracks: [{ x0, x1: x1 - 1, curves: sample.curves }],
    });
    takeFile(new File([await picture.blob()], "sample.tif", { type: "image/tiff" }));
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    showFailure(failure);
  }
}

/* --- digitizing --- */

const stageNames = {
  upload: "Sending the scan", queue: "Waiting for a free slot", start: "Starting", weights: "Reading the weights",
  fetch: "Fetching the scan", decode: "Reading the TIFF", network: "CurveNet", forward: "CurveNet",
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

async function uploadScan(signal) {
  if (scan.key) return;
  const started = performance.now();
  scan.key = await api.upload(scan.file, {
    signal,
    onProgress: (sent, total) =>
      showProgress("upload", total ? sent / total : 1, performance.now() - started,
        `: ${formatBytes(sent)} of ${formatBytes(total)}`),
  });
}

async function digitize(signal) {
  const body = { ...requestFields(form.read()), ...form.readHeader(), confidence: 1 };
  if ($("model").value) body.model = $("model").value;
  for (let again = false; ; again = true) {
    await uploadScan(signal);
    try {
      return await api.postStream("/digitize", { ...body, key: scan.key }, {
        signal,
        onProgress: (p) => showProgress(p.stage, p.fraction, p.ms),
      });
    } catch (failure) {
      // The server no longer has the scan: it is sent again, once.
      if (again || ![404, 410].includes(failure.status) || failure.field === "model") throw failure;
      scan.key = "";
    }
  }
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
  setRunning(controller);
  showProgress("start", 0);
  try {
    showResult(await digitize(controller.signal));
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    showFailure(failure);
  } finally {
    setRunning(null);
  }
}

/* --- the result --- */

function showResult(reply) {
  const { artifacts } = reply;
  const stem = (reply.image.name || "curves").replace(/\.tiff?$/i, "");
  const links = [["las", "LAS"], ["csv", "CSV"], ["overlay", "Overlay PNG"]].filter(([kind]) => artifacts[kind]);
  $("downloads").replaceChildren(
    ...links.map(([kind, name]) =>
      el("a", { class: "button", href: artifacts[kind], download: `${stem}.${kind === "overlay" ? "png" : kind}`, text: name })));
  $("warnings").replaceChildren(...reply.warnings.map((text) => el("p", { class: "warning", text })));
  $("overlay").src = artifacts.overlay || "";
  $("empty").hidden = true;
  $("result").hidden = false;
}

/* --- start --- */

async function showModels() {
  try {
    const { default: name, models } = await api.getJson("/models");
    $("model").append(...models.map((m) => el("option", { value: m.name, text: m.name })));
    $("server").textContent = models.some((m) => m.name === name) ? `model ${name}` : `no checkpoint named ${name} yet`;
  } catch (failure) {
    $("server").textContent = "the server does not answer";
  }
}

function start() {
  form.start();
  form.write(emptyCalibration());
  startChoosing();
  $("sample").addEventListener("click", takeSample);
  $("form").addEventListener("submit", submit);
  $("cancel").addEventListener("click", () => running && running.abort());
  showModels();
}

start();
