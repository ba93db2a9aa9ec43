// Corrected curves as LAS and CSV: the server's own files with the corrected values in their places, and a
// note of what was changed in ~Other.

const NULL_VALUE = "-999.25";

function decimalsOf(text) {
  const dot = text.indexOf(".");
  return dot < 0 ? 0 : text.length - dot - 1;
}

const written = (value, decimals) => (Number.isNaN(value) ? null : value.toFixed(decimals));

/** Depths of a stretch, as the files write them. */
export function stretchText(result, [from, to]) {
  const decimals = Math.max(decimalsOf(String(result.reply.depth?.step ?? 1)), decimalsOf(String(result.reply.depth?.start ?? 0)));
  return `${result.index[from].toFixed(decimals)} to ${result.index[to - 1].toFixed(decimals)}`;
}

/** The lines that say in ~Other what was corrected. */
function notes(result, date) {
  const lines = [];
  for (const curve of result.curves) {
    const stretches = result.editedStretches(curve);
    if (!stretches.length) continue;
    const samples = stretches.reduce((sum, [from, to]) => sum + to - from, 0);
    lines.push(`Edited by hand on ${date}: ${curve.mnemonic}, ${samples} of ${result.n} samples`);
    for (const stretch of stretches) lines.push(`  edited ${curve.mnemonic} ${stretchText(result, stretch)}`);
  }
  return lines;
}

/** The server's lines say of each curve where it has values and how sure they are: brought up to date for those
 * that were edited.  They come in the curves' order. */
function renewFigures(head, other, result) {
  const figures = /^(\s+\S.*; values at )\d+ % of the depths, mean confidence \d+ %$/;
  let k = 0;
  for (let i = other + 1; other >= 0 && i < head.length; i++) {
    const found = head[i].match(figures);
    const curve = found && result.curves[k++];
    if (!curve || !curve.edited.includes(1)) continue;
    const { coverage, confidence, read } = result.summary(curve);
    const rest = read ? `mean confidence ${Math.round(100 * confidence)} % where not edited` : "all edited";
    head[i] = `${found[1]}${Math.round(100 * coverage)} % of the depths, ${rest}`;
  }
}

/** The decimals in which each column of the data is written. */
function columnDecimals(lines, columns) {
  const decimals = new Array(columns).fill(0);
  let k = 0;
  for (const line of lines)
    for (const cell of line.match(/\S+/g) || []) {
      if (cell !== NULL_VALUE) decimals[k] = Math.max(decimals[k], decimalsOf(cell));
      k = (k + 1) % columns;
    }
  return decimals;
}

/** The LAS with the corrections: `las` is the server's; only corrected cells and ~Other change. */
export function editedLas(las, result, date) {
  const newline = las.includes("\r\n") ? "\r\n" : "\n";
  const lines = las.split(/\r?\n/);
  const data = lines.findIndex((line) => /^~A/i.test(line));
  const other = lines.findIndex((line) => /^~O/i.test(line));
  const head = lines.slice(0, data), body = lines.slice(data + 1);
  const columns = result.curves.length + 1;
  const decimals = columnDecimals(body, columns);
  let k = 0;
  const rows = body.map((line) =>
    line.replace(/\s*\S+/g, (cell) => {
      const column = k % columns, i = Math.floor(k / columns);
      k++;
      if (column === 0 || i >= result.n || !result.curves[column - 1].edited[i]) return cell;
      const text = written(result.curves[column - 1].values[i], decimals[column]) ?? NULL_VALUE;
      return text.length < cell.length ? text.padStart(cell.length) : ` ${text}`;
    }));
  renewFigures(head, other, result);
  head.splice(other < 0 ? head.length : other + 1, 0, ...(other < 0 ? ["~Other"] : []), ...notes(result, date));
  return [...head, lines[data], ...rows].join(newline);
}

/** The CSV with the corrections. */
export function editedCsv(csv, result) {
  const lines = csv.split("\n");
  const names = lines[0].trim().split(",");
  const at = result.curves.map((curve) => [names.indexOf(curve.mnemonic), names.indexOf(`${curve.mnemonic}_CONF`)]);
  const decimals = names.map((_, k) => lines.slice(1).reduce((most, line) => Math.max(most, decimalsOf(line.split(",")[k] || "")), 0));
  for (let i = 0; i < result.n; i++) {
    if (!result.curves.some((curve) => curve.edited[i])) continue;
    const end = lines[i + 1].endsWith("\r") ? "\r" : "";
    const cells = lines[i + 1].trimEnd().split(",");
    result.curves.forEach((curve, k) => {
      if (!curve.edited[i]) return;
      const [value, conf] = at[k];
      cells[value] = written(curve.values[i], decimals[value]) ?? "";
      if (conf >= 0) cells[conf] = written(curve.confidence[i], decimals[conf]) ?? "";
    });
    lines[i + 1] = cells.join(",") + end;
  }
  return lines.join("\n");
}
