// From a chosen file to the scan on the screen: it is sent, its overview shows while the tiles are made.

import { $, formatBytes } from "./util.js";
import * as api from "./api.js";
import { scan, withScan } from "./scan.js";

const say = (text) => ($("peek-state").textContent = text);

let controller = null; // the AbortController of the preview under way

export const stopPeek = () => controller?.abort();

function showOverview(id) {
  $("peek").src = `/previews/${id}/overview.png`;
  $("peek-box").hidden = false;
}

function showWork(progress, id) {
  if (progress.stage === "tiles" && $("peek-box").hidden) showOverview(id);
  say(progress.stage === "queue" ? "Waiting for a free slot" : `Preparing the scan for a close look: ${Math.round(100 * progress.fraction)} %`);
}

/** Sends the scan and hands its preview to show(made).  Digitizing works without: failures are told by fail(). */
export async function peek({ show, fail }) {
  controller?.abort();
  const mine = (controller = new AbortController());
  $("welcome").hidden = true;
  $("peek-box").hidden = true;
  $("stop-preview").hidden = false;
  try {
    const onUpload = (sent, total) => say(`Sending the scan: ${formatBytes(sent)} of ${formatBytes(total)}`);
    const made = await withScan({ signal: mine.signal, onUpload }, (key) =>
      api.postStream("/previews", { key }, { signal: mine.signal, onProgress: showWork }));
    say("");
    scan.size = made;
    await show(made);
  } catch (failure) {
    if (controller !== mine) return;
    if (!(failure instanceof api.Failure)) throw failure;
    say(failure.kind === "cancelled" ? "Preview stopped. Digitizing works without it." : "No preview. Digitizing works without it.");
    if (failure.kind !== "cancelled") fail(failure);
  } finally {
    if (controller === mine) {
      controller = null;
      $("stop-preview").hidden = true;
    }
  }
}
