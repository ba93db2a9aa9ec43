// What the user says of a scan, and the arithmetic between pixels, depths and values.
//
// A calibration is plain data, numbers null where nothing is typed and NaN where something else is:
//   {depth_unit, depth_mode: "edges"|"lines", depth_top, depth_bottom, lines: [{row, depth}], step,
//    y0, y1, tracks: [{x0, x1, x_at, curves: [{mnemonic, unit, left, right, scale, style}]}]}
// Rows and columns are pixels; y1 is exclusive, x1 inclusive (the centre of its column is the right scale
// value).  A depth line at row r lies at the row's centre.  x_at: null, or {row: [x0, x1]} for a track that runs
// askew, as saved layouts may have it.

export const styles = ["solid", "dashed", "dotted"];

export function emptyCurve(index = 0) {
  return { mnemonic: "", unit: "", left: null, right: null, scale: "lin", style: styles[index % 3] };
}

export function emptyCalibration() {
  return {
    depth_unit: "ft", depth_mode: "edges", depth_top: null, depth_bottom: null, lines: [], step: null,
    y0: null, y1: null, tracks: [{ x0: null, x1: null, x_at: null, curves: [emptyCurve()] }],
  };
}

/** The region's rows, for a scan of `height` rows (null: not known). */
export const regionRows = (c, height) => [c.y0 ?? 0, c.y1 ?? height];

/** Depth lines as {y, depth} with y on the axis where row r covers [r, r+1), ascending; [] when not known. */
export function depthLines(c, height) {
  const [y0, y1] = regionRows(c, height);
  const lines =
    c.depth_mode === "lines"
      ? c.lines.map((l) => ({ y: l.row + 0.5, depth: l.depth, given: l.row !== null && l.depth !== null }))
      : [
          { y: y0, depth: c.depth_top, given: c.depth_top !== null },
          { y: y1, depth: c.depth_bottom, given: c.depth_bottom !== null && y1 !== null },
        ];
  const good = lines.filter((l) => l.given && Number.isFinite(l.y) && Number.isFinite(l.depth));
  good.sort((a, b) => a.y - b.y);
  return good.length >= 2 && good.length === lines.length ? good : [];
}

function segmentBy(lines, member, value) {
  const rising = lines[lines.length - 1][member] >= lines[0][member];
  let low = 0, high = lines.length - 2;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (rising ? lines[mid][member] <= value : lines[mid][member] >= value) low = mid;
    else high = mid - 1;
  }
  return [lines[low], lines[low + 1]];
}

/** Depth at y and y at a depth: linear between the lines, the end segments extended. */
export function depthAt(lines, y) {
  const [a, b] = segmentBy(lines, "y", y);
  return a.depth + ((y - a.y) / (b.y - a.y)) * (b.depth - a.depth);
}

export function rowAt(lines, depth) {
  const [a, b] = segmentBy(lines, "depth", depth);
  return a.y + ((depth - a.depth) / (b.depth - a.depth)) * (b.y - a.y);
}

/** A track's borders at y: [x0, x1], from edges [[y, x0, x1], …] or, without them, from its box. */
export function bordersOf(edges, track, width) {
  if (!edges || !edges.length) {
    const columns = [track.x0 ?? 0, track.x1 ?? width - 1];
    return () => columns;
  }
  let k = 0;
  return (y) => {
    while (k > 0 && edges[k][0] > y) k--;
    while (k < edges.length - 2 && edges[k + 1][0] <= y) k++;
    const a = edges[k], b = edges[Math.min(k + 1, edges.length - 1)];
    const t = b[0] > a[0] ? Math.min(Math.max((y - a[0]) / (b[0] - a[0]), 0), 1) : 0;
    return [a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])];
  };
}

/** A track's borders row by row where it has them, ascending: [[y, x0, x1], …]. */
export const edgesOf = (track) =>
  Object.entries(track.x_at || {}).map(([row, [x0, x1]]) => [Number(row) + 0.5, x0, x1]).sort((a, b) => a[0] - b[0]);

/** Where a value lies across its track, 0 left to 1 right; more or less for values off the scale. */
export function fractionOf(curve, value) {
  if (curve.scale === "log")
    return (Math.log(value) - Math.log(curve.left)) / (Math.log(curve.right) - Math.log(curve.left));
  return (value - curve.left) / (curve.right - curve.left);
}

export function valueAt(curve, fraction) {
  if (curve.scale === "log")
    return Math.exp(Math.log(curve.left) + fraction * (Math.log(curve.right) - Math.log(curve.left)));
  return curve.left + fraction * (curve.right - curve.left);
}

/** The request's fields: the simple ones where they say it all, else a layout. */
export function requestFields(c) {
  const fields = {};
  const single = c.tracks.length === 1 && !c.tracks[0].x_at;
  const track = c.tracks[0];
  const boxed = track.x0 !== null && track.x1 !== null && c.y0 !== null && c.y1 !== null;
  const bare = track.x0 === null && track.x1 === null && c.y0 === null && c.y1 === null;
  if (single && (boxed || bare)) {
    if (boxed) fields.track = [track.x0, c.y0, track.x1 + 1, c.y1].join(",");
    if (c.depth_mode === "edges" && c.depth_top !== null) fields.depth_top = c.depth_top;
    if (c.depth_mode === "edges" && c.depth_bottom !== null) fields.depth_bottom = c.depth_bottom;
    if (c.depth_mode === "lines" && c.lines.length) fields.depth_line = c.lines.map((l) => `${l.row}:${l.depth}`);
    if (fields.depth_line || "depth_top" in fields || "depth_bottom" in fields) fields.depth_unit = c.depth_unit;
    const curves = namedCurves(track);
    if (curves.length)
      fields.curve = curves.map((k) => [k.mnemonic, k.unit, k.left, k.right, k.scale, k.style].join(":"));
  } else {
    fields.layout = toLayout(c);
  }
  if (c.step !== null) fields.step = c.step;
  return fields;
}

const namedCurves = (track) => track.curves.filter((k) => k.mnemonic !== "" || k.left !== null || k.right !== null);

/** The layout of design and README: also the form in which a calibration is saved.  Depths at the region's
 * edges become depth lines half a row outside the centres of its first and last rows. */
export function toLayout(c, height = null) {
  const layout = {};
  const lines = depthLines(c, height);
  if (lines.length) {
    layout.depth_unit = c.depth_unit;
    layout.depth_lines = Object.fromEntries(lines.map((l) => [String(l.y - 0.5), l.depth]));
  }
  const [y0, y1] = regionRows(c, height);
  if (y1 !== null && (c.y0 !== null || c.y1 !== null)) layout.rows = [y0, y1];
  layout.tracks = c.tracks.map((t) => {
    const track = {};
    if (t.x0 !== null && t.x1 !== null) track.x = [t.x0, t.x1];
    if (t.x_at) track.x_at = t.x_at;
    track.curves = namedCurves(t).map(({ mnemonic, unit, left, right, scale, style }) => ({
      mnemonic, unit, left, right, scale, style,
    }));
    return track;
  });
  return layout;
}

/** Reads a saved layout; throws an Error with a sentence when it is none. */
export function fromLayout(layout) {
  if (!layout || typeof layout !== "object" || !Array.isArray(layout.tracks) || !layout.tracks.length)
    throw new Error("This file is no calibration: it has no list of tracks.");
  const number = (x) => (typeof x === "number" && Number.isFinite(x) ? x : null);
  const c = emptyCalibration();
  const lines = Object.entries(layout.depth_lines || {}).map(([row, depth]) => ({ row: Number(row), depth: number(depth) }));
  if (lines.some((l) => !Number.isFinite(l.row) || l.depth === null))
    throw new Error("This calibration has a depth line that is not ROW: DEPTH.");
  lines.sort((a, b) => a.row - b.row);
  c.depth_unit = layout.depth_unit === "m" ? "m" : "ft";
  c.depth_mode = lines.length ? "lines" : "edges";
  c.lines = lines;
  if (Array.isArray(layout.rows)) [c.y0, c.y1] = layout.rows.map(number);
  c.tracks = layout.tracks.map((t) => ({
    x0: Array.isArray(t.x) ? number(t.x[0]) : null,
    x1: Array.isArray(t.x) ? number(t.x[1]) : null,
    x_at: t.x_at && typeof t.x_at === "object" && Object.keys(t.x_at).length ? t.x_at : null,
    curves: (t.curves || []).map((k, i) => ({
      mnemonic: String(k.mnemonic ?? ""), unit: String(k.unit ?? ""), left: number(k.left), right: number(k.right),
      scale: k.scale === "log" ? "log" : "lin", style: styles.includes(k.style) ? k.style : styles[i % 3],
    })),
  }));
  return c;
}

/** What is wrong with it before it is sent: [{field, text}]; field names as the server's. */
export function check(c) {
  const wrong = [];
  const bad = (field, text) => wrong.push({ field, text });
  const number = (field, value, name) => Number.isNaN(value) && bad(field, `${name} is not a number.`);
  number("depth_top", c.depth_top, "The depth at the top edge");
  number("depth_bottom", c.depth_bottom, "The depth at the bottom edge");
  number("step", c.step, "The step");
  number("y0", c.y0, "The top row");
  number("y1", c.y1, "The bottom row");
  if (c.y0 !== null && c.y1 !== null && c.y1 <= c.y0) bad("y1", "The bottom row must lie below the top row.");
  if (c.depth_mode === "edges" && (c.depth_top === null) !== (c.depth_bottom === null))
    bad(c.depth_top === null ? "depth_top" : "depth_bottom", "Both depths are needed: the other one is missing.");
  if (c.depth_mode === "lines") {
    if (c.lines.length < 2) bad("depth_line", "Two depth lines or more are needed.");
    c.lines.forEach((l, i) => {
      if (l.row === null || Number.isNaN(l.row)) bad(`depth_line.${i}.row`, "This depth line needs its pixel row.");
      if (l.depth === null || Number.isNaN(l.depth)) bad(`depth_line.${i}.depth`, "This depth line needs its depth.");
    });
  }
  c.tracks.forEach((t, ti) => {
    number(`tracks.${ti}.x0`, t.x0, "The left column");
    number(`tracks.${ti}.x1`, t.x1, "The right column");
    if ((t.x0 === null) !== (t.x1 === null)) bad(`tracks.${ti}.${t.x0 === null ? "x0" : "x1"}`, "Both columns are needed.");
    t.curves.forEach((k, ki) => {
      const at = `tracks.${ti}.curves.${ki}`;
      if (k.mnemonic === "" && k.left === null && k.right === null) return;
      if (k.mnemonic === "") bad(`${at}.mnemonic`, "This curve needs a mnemonic.");
      for (const side of ["left", "right"])
        if (k[side] === null || Number.isNaN(k[side])) bad(`${at}.${side}`, `The ${side} scale value is needed.`);
      if (k.left !== null && k.left === k.right) bad(`${at}.right`, "The left and right scale values must differ.");
      if (k.scale === "log" && (k.left <= 0 || k.right <= 0))
        bad(`${at}.${k.left <= 0 ? "left" : "right"}`, "A log scale needs values above 0.");
    });
  });
  return wrong;
}
