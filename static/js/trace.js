// Draws one curve down a canvas, in its own colour where it is sure and in those of doubt where it is not.

import { DOUBTFUL, SURE } from "./curves.js";
import { dashes, doubtful, halfSure } from "./colors.js";

const grade = (confidence) => (confidence >= SURE ? 0 : confidence >= DOUBTFUL ? 1 : 2);

/** The samples of each pixel row become its least and greatest x: no more points than the screen can show. */
function thin(from, to, xs, ys, confidence) {
  const points = [];
  let i = from;
  while (i < to) {
    const row = Math.floor(ys(i));
    let j = i, low = i, high = i, worst = 1, hole = false;
    for (; j < to && Math.floor(ys(j)) === row; j++) {
      const x = xs(j);
      if (Number.isNaN(x)) {
        hole = true;
        continue;
      }
      if (!(xs(low) <= x)) low = j;
      if (!(xs(high) >= x)) high = j;
      worst = Math.min(worst, confidence[j]);
    }
    const seen = !Number.isNaN(xs(low));
    if (seen) {
      points.push([xs(Math.min(low, high)), ys(Math.min(low, high)), worst]);
      if (low !== high) points.push([xs(Math.max(low, high)), ys(Math.max(low, high)), worst]);
    }
    if (hole && !seen) points.push(null);
    i = j;
  }
  return points;
}

/** x(i), y(i): a sample's place; jump: a step sideways that is a wrap of the scale, not a line. */
export function drawCurve(g, curve, [from, to], x, y, { color, width, jump = Infinity }) {
  const crowded = Math.abs(y(Math.max(to - 1, 0)) - y(from)) < (to - from) / 2;
  const points = crowded ? thin(from, to, x, y, curve.confidence) : [];
  if (!crowded)
    for (let i = from; i < to; i++) points.push(Number.isNaN(x(i)) ? null : [x(i), y(i), curve.confidence[i]]);
  const colors = [color, halfSure(), doubtful()];
  g.lineJoin = "round";
  for (let level = 0; level < 3; level++) {
    g.beginPath();
    let before = null, last = null;
    for (const point of points) {
      if (before && point && Math.max(grade(before[2]), grade(point[2])) === level && Math.abs(point[0] - before[0]) < jump) {
        if (last !== before) g.moveTo(before[0], before[1]);
        g.lineTo(point[0], point[1]);
        last = point;
      }
      before = point;
    }
    g.strokeStyle = colors[level];
    g.lineWidth = level === 2 ? width + 1 : width;
    g.setLineDash(dashes[curve.style] || []);
    g.stroke();
  }
  g.setLineDash([]);
}
