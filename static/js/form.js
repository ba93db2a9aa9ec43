// The form: what is typed, read as a calibration and written from one.  What the user types stays as typed.

import { $, el, parseNumber } from "./util.js";
import { emptyCurve } from "./calibration.js";
import { findMnemonic, mnemonics } from "./mnemonics.js";

const listeners = new Set();
/** Calls f whenever the form says something else. */
export const onChange = (f) => listeners.add(f);
const changed = () => listeners.forEach((f) => f());

const text = (value) => (value === null || value === undefined || Number.isNaN(value) ? "" : String(value));
const fromTemplate = (id) => $(id).content.firstElementChild.cloneNode(true);
const field = (node, name) => node.querySelector("." + name);

/* --- reading --- */

const readCurve = (node) => ({
  mnemonic: field(node, "mnemonic").value.trim(),
  unit: field(node, "unit").value.trim(),
  left: parseNumber(field(node, "left").value),
  right: parseNumber(field(node, "right").value),
  scale: field(node, "scale").value,
  style: field(node, "style").value,
});

const edgesKept = new WeakMap(); // of tracks whose borders a loaded layout gives row by row
const trackNodes = () => [...$("tracks").children];
const lineNodes = () => [...$("lines").children];
const curveNodes = (track) => [...field(track, "curves").children];

export function read() {
  return {
    depth_unit: $("depth_unit").value,
    depth_mode: $("depth_mode").value,
    depth_top: parseNumber($("depth_top").value),
    depth_bottom: parseNumber($("depth_bottom").value),
    lines: lineNodes().map((node) => ({
      row: parseNumber(field(node, "row").value),
      depth: parseNumber(field(node, "depth").value),
    })),
    step: parseNumber($("step").value),
    y0: parseNumber($("y0").value),
    y1: parseNumber($("y1").value),
    tracks: trackNodes().map((node) => ({
      x0: parseNumber(field(node, "x0").value),
      x1: parseNumber(field(node, "x1").value),
      x_at: edgesKept.get(node) ?? null,
      curves: curveNodes(node).map(readCurve),
    })),
  };
}

/** The LAS header's fields that are filled in. */
export function readHeader() {
  const header = {};
  for (const input of $("header-part").querySelectorAll("input"))
    if (input.value.trim()) header[input.name] = input.value.trim();
  return header;
}

/* --- writing --- */

export function write(c) {
  $("depth_unit").value = c.depth_unit;
  $("depth_mode").value = c.depth_mode;
  for (const name of ["depth_top", "depth_bottom", "step", "y0", "y1"]) $(name).value = text(c[name]);
  $("lines").replaceChildren();
  c.lines.forEach(addLine);
  $("tracks").replaceChildren();
  c.tracks.forEach(addTrack);
  showMode();
  clearErrors();
  changed();
}

function showMode() {
  const lines = $("depth_mode").value === "lines";
  $("depth-edges").hidden = lines;
  $("depth-lines").hidden = !lines;
  while (lines && lineNodes().length < 2) addLine({ row: null, depth: null });
}

function number() {
  lineNodes().forEach((node, i) => {
    field(node, "row").setAttribute("aria-label", `Depth line ${i + 1}: row`);
    field(node, "depth").setAttribute("aria-label", `Depth line ${i + 1}: depth`);
    field(node, "remove").setAttribute("aria-label", `Remove depth line ${i + 1}`);
  });
  const nodes = trackNodes();
  nodes.forEach((node, i) => {
    field(node, "track-name").textContent = `Track ${i + 1}`;
    field(node, "remove-track").setAttribute("aria-label", `Remove track ${i + 1}`);
    field(node, "remove-track").hidden = nodes.length === 1;
    curveNodes(node).forEach((curve, k) => {
      const name = field(curve, "mnemonic").value.trim() || `curve ${k + 1}`;
      for (const [part, label] of [["mnemonic", "mnemonic"], ["unit", "unit"], ["left", "left scale value"],
        ["right", "right scale value"], ["scale", "scale"], ["style", "line style"]])
        field(curve, part).setAttribute("aria-label", `Track ${i + 1}, ${name}: ${label}`);
      field(curve, "remove").setAttribute("aria-label", `Remove ${name} of track ${i + 1}`);
    });
  });
}

export function addLine(line) {
  const node = fromTemplate("line-template");
  field(node, "row").value = text(line.row);
  field(node, "depth").value = text(line.depth);
  field(node, "remove").addEventListener("click", () => removeNode(node, $("add-line")));
  $("lines").append(node);
  number();
  return node;
}

function removeNode(node, focusNext) {
  node.remove();
  number();
  changed();
  focusNext.focus();
}

export function addTrack(track) {
  const node = fromTemplate("track-template");
  field(node, "x0").value = text(track.x0);
  field(node, "x1").value = text(track.x1);
  field(node, "remove-track").addEventListener("click", () => removeNode(node, $("add-track")));
  field(node, "add-curve").addEventListener("click", () => {
    field(addCurve(node, emptyCurve(curveNodes(node).length)), "mnemonic").focus();
    changed();
  });
  for (const side of ["x0", "x1"]) field(node, side).addEventListener("input", () => keepEdges(node, null));
  keepEdges(node, track.x_at);
  $("tracks").append(node);
  track.curves.forEach((curve) => addCurve(node, curve));
  number();
  return node;
}

/** Borders given row by row hold until a column is typed or dragged. */
function keepEdges(node, edges) {
  if (edges) edgesKept.set(node, edges);
  else edgesKept.delete(node);
  const rows = Object.keys(edges || {}).length;
  field(node, "edges-note").hidden = !rows;
  field(node, "edges-note").textContent = rows ? `The loaded calibration gives its borders at ${rows} rows; typing or dragging a column drops them.` : "";
}

function addCurve(track, curve) {
  const node = fromTemplate("curve-template");
  for (const part of ["mnemonic", "unit", "left", "right"]) field(node, part).value = text(curve[part]);
  field(node, "scale").value = curve.scale;
  field(node, "style").value = curve.style;
  field(node, "remove").addEventListener("click", () => removeNode(node, field(track, "add-curve")));
  field(node, "mnemonic").addEventListener("change", () => offerUsual(node));
  field(track, "curves").append(node);
  number();
  return node;
}

/** A known mnemonic brings its usual unit and scale, where nothing is typed yet. */
function offerUsual(node) {
  const known = findMnemonic(field(node, "mnemonic").value);
  const empty = ["unit", "left", "right"].every((part) => field(node, part).value.trim() === "");
  if (known && empty) {
    for (const part of ["unit", "left", "right"]) field(node, part).value = text(known[part]);
    field(node, "scale").value = known.scale;
  }
  number();
  changed();
}

/** Writes some numbers where they are typed, without touching the rest: what dragging on the scan does. */
export function setNumbers({ y0, y1, line, track }) {
  if (y0 !== undefined) $("y0").value = text(y0);
  if (y1 !== undefined) $("y1").value = text(y1);
  if (line) field(lineNodes()[line.index], "row").value = text(line.row);
  if (track) {
    const node = trackNodes()[track.index];
    keepEdges(node, null);
    if (track.x0 !== undefined) field(node, "x0").value = text(track.x0);
    if (track.x1 !== undefined) field(node, "x1").value = text(track.x1);
  }
  changed();
}

/** A track's box from the scan: of the first track without one, else of a new one.  The first sets the region. */
export function setBox(box) {
  const empty = trackNodes().findIndex((node) => field(node, "x0").value.trim() === "" && field(node, "x1").value.trim() === "");
  const index = empty >= 0 ? empty : trackNodes().indexOf(addTrack({ x0: null, x1: null, curves: [emptyCurve()] }));
  const rows = $("y0").value.trim() === "" && $("y1").value.trim() === "" ? { y0: box.y0, y1: box.y1 } : {};
  setNumbers({ ...rows, track: { index, x0: box.x0, x1: box.x1 } });
  field(trackNodes()[index], "mnemonic").focus();
}

/** A depth line at a row of the scan; its depth is typed next. */
export function pickLine(row) {
  if ($("depth_mode").value !== "lines") {
    $("depth_mode").value = "lines";
    showMode();
  }
  const free = lineNodes().find((node) => field(node, "row").value.trim() === "");
  const node = free || addLine({ row: null, depth: null });
  field(node, "row").value = text(row);
  changed();
  field(node, "depth").focus();
}

/* --- errors --- */

export function clearErrors() {
  for (const input of document.querySelectorAll("#form [aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  for (const note of document.querySelectorAll("#form .field-error")) note.remove();
}

/** The input that a field's name means: ours ("tracks.0.x0") or the server's ("layout.tracks[0].curves[1].left"). */
function inputOf(name) {
  const plain = name.replace(/^layout\./, "").replace(/\[(\d+)\]/g, ".$1");
  if (plain && $(plain) && $("form").contains($(plain))) return $(plain);
  const header = $("header-part").querySelector(`input[name="${CSS.escape(plain)}"]`);
  if (header) return header;
  const parts = plain.split(".");
  if (parts[0] === "depth_line" || parts[0] === "depth_lines") {
    const node = lineNodes()[Number(parts[1]) || 0];
    return node ? field(node, parts[2] === "row" ? "row" : "depth") : $("depth_mode");
  }
  if (parts[0] === "rows") return $("y0");
  const track = trackNodes()[parts[0] === "tracks" ? Number(parts[1]) || 0 : 0];
  if (parts[0] === "track" || (parts[0] === "tracks" && parts[2] !== "curves")) return field(track, parts[2] === "x1" ? "x1" : "x0");
  if (parts[0] === "curve" || parts[2] === "curves") {
    const curve = curveNodes(track)[Number(parts[3]) || 0];
    return curve ? curve.querySelector("." + (parts[4] || "mnemonic")) || field(curve, "mnemonic") : null;
  }
  return null;
}

/** Marks the field and says what is wrong beside it; answers the input, or null. */
export function showError(name, message) {
  const input = inputOf(name);
  if (!input) return null;
  for (let part = input.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  const id = `error-${document.querySelectorAll("#form .field-error").length}`;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", id);
  const note = el("p", { id, class: "field-error", text: message });
  const item = input.closest("li");
  if (item) item.append(note);
  else (input.closest(".line, .pairs, .drop") || input.parentElement).after(note);
  return input;
}

/* --- start --- */

export function start() {
  $("mnemonics").append(...mnemonics.map((m) => el("option", { value: m.name, label: `${m.title}, ${m.unit}` })));
  $("form").addEventListener("input", () => {
    clearErrors();
    changed();
  });
  $("depth_mode").addEventListener("change", () => {
    showMode();
    changed();
  });
  $("add-line").addEventListener("click", () => field(addLine({ row: null, depth: null }), "row").focus());
  $("add-track").addEventListener("click", () => {
    field(addTrack({ x0: null, x1: null, curves: [emptyCurve()] }), "x0").focus();
    changed();
  });
}
