// What to do next, said in one sentence above the button that digitizes.

import { $ } from "./util.js";
import { depthLines } from "./calibration.js";
import { usable } from "./scales.js";

/** {text, press}: press is the id of the button that does it, if there is one. */
export function nextStep(calibration, height) {
  const boxed = calibration.tracks.filter((t) => Number.isFinite(t.x0) && t.x0 !== null && Number.isFinite(t.x1) && t.x1 !== null);
  if (!boxed.length)
    return { text: "Draw a box round a track, from border to border and from the first depth to the last.", press: "draw-track" };
  if (!depthLines(calibration, height).length) {
    const picked = calibration.depth_mode === "lines" ? calibration.lines.filter((l) => l.row !== null && l.depth !== null).length : 0;
    return picked
      ? { text: "Pick a second depth line, far from the first, and type its depth.", press: "pick-line" }
      : { text: "Pick a printed depth line on the scan and type its depth. Two are needed.", press: "pick-line" };
  }
  const bare = calibration.tracks.findIndex((t) => !t.curves.some((k) => k.mnemonic && usable(k)));
  if (bare >= 0)
    return { text: `Track ${bare + 1}: name its curves and type the scale values printed at its left and right edge.`, press: "" };
  return { text: "Does the blue grid lie on the printed one? Then digitize.", press: "" };
}

/** Shows the step; nothing while there is no scan on the screen. */
export function showStep(calibration, height) {
  const step = height ? nextStep(calibration, height) : { text: "", press: "" };
  $("next").hidden = !step.text;
  if ($("next-text").textContent !== step.text) $("next-text").textContent = step.text;
  $("next-press").hidden = !step.press;
  $("next-press").dataset.press = step.press;
  $("next-press").textContent = step.press ? $(step.press).textContent : "";
}

export function startGuide() {
  $("next-press").addEventListener("click", () => {
    $("stage").scrollIntoView({ block: "start" });
    $($("next-press").dataset.press).click();
  });
}
