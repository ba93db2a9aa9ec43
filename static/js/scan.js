// The scan at hand, and bringing it to where the server can read it.

import { upload } from "./api.js";

/** file: what was chosen; key: where the server has it, "" when not sent; size: what POST /previews said of it. */
export const scan = { file: null, key: "", size: null };

async function send(signal, onUpload) {
  if (scan.key) return;
  const { file } = scan;
  const key = await upload(file, { signal, onProgress: onUpload });
  if (scan.file === file) scan.key = key;
}

/** Runs work(key) on a scan that was sent.  If the server no longer has it, it is sent again, once. */
export async function withScan({ signal, onUpload }, work) {
  for (let again = false; ; again = true) {
    await send(signal, onUpload);
    try {
      return await work(scan.key);
    } catch (failure) {
      if (again || ![404, 410].includes(failure.status) || failure.field === "model") throw failure;
      scan.key = "";
    }
  }
}
