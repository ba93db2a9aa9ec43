// Round numbers for grids: of depths down a page, of values across a track.

/** The smallest of 1, 2, 5 times a power of ten that is not below `least`. */
export function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const m of [1, 2, 5, 10]) if (m * power >= least * 0.999999) return m * power;
  return 10 * power;
}

/** Depths to rule at `perUnit` screen pixels a unit of depth: a numbered step and the finer one between. */
export function depthSteps(perUnit) {
  const strong = niceStep(70 / perUnit);
  const digit = Math.round(strong / 10 ** Math.floor(Math.log10(strong) + 1e-9));
  const fine = digit === 2 ? strong / 4 : strong / 5;
  return { strong, fine: fine * perUnit >= 5 ? fine : strong };
}

/** Multiples of the step between low and high, exact to its decimals. */
export function multiples(step, low, high) {
  const out = [];
  const last = Math.floor(high / step + 1e-9);
  for (let k = Math.ceil(low / step - 1e-9); k <= last && out.length < 2000; k++) out.push(Number((k * step).toPrecision(12)));
  return out;
}

/** Where a track is ruled for a curve: [{fraction, value, strong}]. */
export function trackLines(curve) {
  if (curve.scale !== "log")
    return Array.from({ length: 11 }, (_, i) => ({
      fraction: i / 10, value: curve.left + (i / 10) * (curve.right - curve.left), strong: i % 5 === 0,
    }));
  const low = Math.min(curve.left, curve.right), high = Math.max(curve.left, curve.right);
  const span = Math.log(curve.right) - Math.log(curve.left);
  const out = [];
  for (let decade = Math.floor(Math.log10(low) + 1e-9); 10 ** decade <= high * 1.000001 && out.length < 500; decade++)
    for (let m = 1; m < 10; m++) {
      const value = m * 10 ** decade;
      if (value < low * 0.999999 || value > high * 1.000001) continue;
      out.push({ fraction: (Math.log(value) - Math.log(curve.left)) / span, value, strong: m === 1 });
    }
  return out;
}

/** A number for a label: short, without floating-point dust. */
export const label = (value) => String(Number(value.toPrecision(6)));

/** Whether a curve's scale can be drawn. */
export const usable = (curve) =>
  Number.isFinite(curve.left) && Number.isFinite(curve.right) && curve.left !== null && curve.right !== null &&
  curve.left !== curve.right && (curve.scale !== "log" || (curve.left > 0 && curve.right > 0));
