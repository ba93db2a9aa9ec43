// Files of a result, brought by the page itself: an address that has expired, or a bucket's that a browser would
// open in place of the page, must not cost what is on the screen.

import { saveFile } from "./util.js";
import { Failure, call, networkFailure } from "./api.js";

const GONE = [403, 404, 410];

/** Brings the file at `url` and hands it to the user as `name`; throws Failures. */
export async function download(url, name) {
  try {
    const response = await call(url);
    saveFile(name, await response.blob());
  } catch (failure) {
    if (!(failure instanceof Failure)) throw networkFailure(failure, url);
    if (GONE.includes(failure.status))
      throw new Failure("problem", "This file's address is no longer good. Press Digitize on the Calibration tab to make it again; the corrections made here can be saved as they are.", { status: failure.status });
    throw failure;
  }
}
