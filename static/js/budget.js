// The serverless inference budget: the path in five stages, and what a month costs.

import { $, el, formatBytes, formatMs } from "./util.js";
import { getJson } from "./api.js";
import { multiples, niceStep } from "./scales.js";

const RUN_PRICE = 0.45, LINES = [750, 1800];

const stages = [
  ["Scan upload", "The TIFF arrives: in the request up to a few MB, else straight into the bucket by a presigned address, and is fetched from there.",
    (t) => t.receive + t.fetch],
  ["Cold start", "A new instance starts the server: one small binary, listening after milliseconds; warm instances skip it.",
    (t, reply) => (t.cold_start ? t.process ?? reply.timing.process : 0)],
  ["EFS weights", "The first request reads the checkpoint from the EFS mount with parallel reads and checks it; later ones find it in memory.",
    (t) => t.weights],
  ["Mask", "CurveNet turns the scan into one mask for each line style, window by window; each mask is traced to a curve.",
    (t) => t.decode + t.forward + t.trace],
  ["S3 result", "Depths and scales are applied; CSV, LAS and overlay are written and published together.",
    (t) => t.calibrate + t.write + t.store],
];

let last = null, measured = null, chosen = 0;

export function setLast(reply) {
  last = reply;
  drawStages();
}

function drawStages() {
  const times = stages.map(([, , f]) => (last ? f(last.timing, last) : null));
  $("stages").replaceChildren(...stages.map(([name], k) => el("li", {}, el("button", {
    type: "button", "aria-pressed": String(k === chosen), on: { click: () => {
      chosen = k;
      drawStages();
      $("stages").children[k].firstChild.focus();
    } },
  }, el("span", { text: name }), el("b", { text: times[k] === null ? "–" : times[k] === 0 ? "0 ms" : formatMs(times[k]) })))));
  $("stage-story").textContent = stages[chosen][1];
  $("stage-source").textContent = last
    ? `Times of the last request: ${last.image.width} × ${last.image.height} pixels, ${last.timing.cold_start ? "a cold start" : "warm"}, ${formatMs(last.timing.total)} in all.`
    : "No request yet in this window: digitize a scan to see its times.";
}

const money = (x, currency) => `${currency} ${x.toLocaleString("en", { minimumFractionDigits: x < 100 ? 2 : 0, maximumFractionDigits: x < 0.01 ? 6 : x < 100 ? 2 : 0 })}`;

/** The two modes as one: {price, max, lines: [{cost, name}], currency, value}. */
function mode() {
  if ($("meter-mode").value === "case")
    return { price: RUN_PRICE, max: 4000, step: 10, currency: "EUR", lines: LINES.map((cost) => ({ cost, name: `EUR ${cost.toLocaleString("en")}` })) };
  if (!measured?.per_scan) return null;
  const max = Math.max(2e6, Math.ceil((measured.crossover.scans_per_month * 2) / 1e6) * 1e6);
  return { price: measured.per_scan.cost, max, step: 1000, currency: measured.prices.currency,
    lines: [{ cost: measured.warm_task.month, name: "a warm Fargate task" }] };
}

function drawMeter() {
  const m = mode();
  $("meter-none").hidden = Boolean(m);
  $("meter-body").hidden = !m;
  if (!m) return;
  const slider = $("runs");
  if (Number(slider.max) !== m.max) Object.assign(slider, { max: m.max, step: m.step, value: m.currency === "EUR" ? 900 : m.max / 4 });
  const runs = Number(slider.value), cost = runs * m.price, top = Math.max(m.max * m.price, ...m.lines.map((l) => l.cost)) * 1.08;
  const x = (n) => 60 + (n / m.max) * 600, y = (c) => 250 - (c / top) * 230;
  const svg = (tag, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const parts = [svg("path", { d: "M60 20V250H660", class: "axis" }), svg("path", { d: `M${x(0)} ${y(0)}L${x(m.max)} ${y(m.max * m.price)}`, class: "serverless" })];
  for (const line of m.lines) {
    parts.push(svg("path", { d: `M60 ${y(line.cost)}H660`, class: "fixed" }), svg("text", { x: 66, y: y(line.cost) - 5 }, line.name));
    const cross = line.cost / m.price;
    if (cross <= m.max)
      parts.push(svg("circle", { cx: x(cross), cy: y(line.cost), r: 4, class: "cross" }),
        svg("text", { x: x(cross), y: y(line.cost) + 18, "text-anchor": cross > 0.85 * m.max ? "end" : "start" }, Math.round(cross).toLocaleString("en")));
  }
  for (let k = 0; k <= 4; k++) parts.push(svg("text", { x: x((m.max * k) / 4), y: 268, "text-anchor": "middle" }, ((m.max * k) / 4).toLocaleString("en")));
  for (const c of multiples(niceStep(top / 4), 0, top)) parts.push(svg("text", { x: 54, y: y(c) + 4, "text-anchor": "end" }, c.toLocaleString("en")));
  parts.push(svg("text", { x: 54, y: 14, "text-anchor": "end" }, m.currency));
  parts.push(svg("path", { d: `M${x(runs)} 250V${y(cost)}`, class: "here" }), svg("circle", { cx: x(runs), cy: y(cost), r: 6, class: "you" }));
  $("meter").replaceChildren(...parts);
  const cheaper = m.lines.filter((l) => cost > l.cost);
  const text = `${runs.toLocaleString("en")} runs cost ${money(cost, m.currency)} a month at ${money(m.price, m.currency)} a run.`;
  const crossings = m.lines.map((l) => `${l.name} at about ${Math.round(l.cost / m.price).toLocaleString("en")} runs`).join(", ");
  $("standing").textContent = `${text} The line crosses ${crossings}. ` +
    (cheaper.length ? `Where you stand, ${cheaper.at(-1).name} is cheaper.` : "Where you stand, serverless is cheaper.");
  slider.setAttribute("aria-valuetext", text);
}

function drawMeasured() {
  const rows = [];
  const add = (name, value) => rows.push(el("dt", { text: name }), el("dd", { text: value }));
  const b = measured, c = b.prices.currency;
  add("Scans since start", `${b.scans.toLocaleString("en")}, ${b.cold_starts} of them cold`);
  if (b.measured) {
    add("Seconds a scan", b.measured.seconds.toFixed(2));
    add("GB-seconds a scan", b.measured.gb_seconds.toFixed(3));
    add("Cold share", `${Math.round(100 * b.measured.cold_share)} %`);
    add("Most memory", formatBytes(b.measured.memory_peak_mb * 1048576));
    add("Cost a scan", money(b.per_scan.cost, c));
    add("Cost since start", money(b.since_start.cost, c));
    add("A warm task is cheaper from", `${Math.round(b.crossover.scans_per_month).toLocaleString("en")} scans a month`);
  } else add("Measured", "nothing yet: no scan since the start");
  add("Warm task", `${b.warm_task.vcpu} vCPU, ${b.warm_task.memory_gb} GB: ${money(b.warm_task.month, c)} a month`);
  add("Prices", `${b.prices.region}, ${b.prices.date}`);
  $("measured").replaceChildren(...rows);
}

/** Reads /budget anew; shows what it can when the server is gone. */
export async function refresh() {
  drawStages();
  try {
    measured = await getJson("/budget");
    drawMeasured();
    $("budget-problem").hidden = true;
  } catch (failure) {
    $("budget-problem").textContent = failure.message;
    $("budget-problem").hidden = false;
  }
  drawMeter();
}

export function start() {
  $("meter-mode").addEventListener("change", drawMeter);
  $("runs").addEventListener("input", drawMeter);
}
