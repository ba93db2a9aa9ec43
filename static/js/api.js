// The server's HTTP interface.  Whatever fails throws a Failure whose text says what to do.

export class Failure extends Error {
  /** kind: "cancelled", "network", "problem" (an answer of 4xx or 5xx); field: the request field that is wrong. */
  constructor(kind, text, { status = 0, field = "", retryAfter = 0 } = {}) {
    super(text);
    Object.assign(this, { kind, status, field, retryAfter });
  }
}

let apiKey = "";
export function setApiKey(key) {
  apiKey = key.trim();
}

const keyHeader = () => (apiKey ? { "X-Api-Key": apiKey } : {});

const advice = {
  401: "This server wants an API key: type it under “Model and access”, then try again.",
  413: "The scan is larger than this server takes.",
  429: "The server is busy. Wait a little, then press Digitize again.",
  502: "The store behind the server did not answer. Try again; what you typed is kept.",
  503: "The server cannot take the scan now. Try again in a few seconds; what you typed is kept.",
  504: "The server ran out of time. Digitize a shorter region, or try again.",
};

/** What a problem document (RFC 9457) says, with what to do about it. */
export function failureOf(status, problem, retryAfter = 0) {
  const detail = (problem && problem.detail) || `The server answered ${status}.`;
  const more = advice[status] || (status >= 500 ? "This is the server's fault, not yours; what you typed is kept." : "");
  return new Failure("problem", more ? `${detail} ${more}` : detail, {
    status,
    field: (problem && problem.field) || "",
    retryAfter,
  });
}

/** What happened when there was no answer from `url`. */
export function networkFailure(error, url = "/") {
  if (error && error.name === "AbortError") return new Failure("cancelled", "Cancelled.");
  if (navigator.onLine === false)
    return new Failure("network", "This computer is offline. What you typed is kept; try again when it is back.");
  const { origin, host } = new URL(url, location.href);
  if (origin !== location.origin)
    return new Failure("network", `The store at ${host} does not answer this page: it is down, or its CORS rule does not name ${location.origin}. What you typed is kept; try again, or tell whoever runs the server.`);
  return new Failure("network", "The server does not answer. What you typed is kept: check that it runs, then try again.");
}

async function problemOf(response) {
  let problem = null;
  try {
    problem = JSON.parse(await response.text());
  } catch {
    // Not the server's own answer, but a proxy's: the status must do.
  }
  return failureOf(response.status, problem, Number(response.headers.get("Retry-After")) || 0);
}

/** fetch that throws Failures and answers an ok Response. */
export async function call(url, options = {}) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    throw networkFailure(error, url);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function bodyOf(response, how) {
  try {
    return await response[how]();
  } catch (error) {
    throw networkFailure(error, response.url);
  }
}

export const getJson = async (url, options) => bodyOf(await call(url, options), "json");
export const getText = async (url, options) => bodyOf(await call(url, options), "text");

/** Gives every piece of a body to `take` as it comes; answers all of them, as one Blob. */
export async function getPieces(url, take) {
  const response = await call(url);
  const pieces = [];
  try {
    const reader = response.body.getReader();
    for (let got; !(got = await reader.read()).done; ) {
      take(got.value);
      pieces.push(got.value);
    }
  } catch (error) {
    throw networkFailure(error, url);
  }
  return new Blob(pieces);
}

export const postJson = (url, body, signal) =>
  getJson(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...keyHeader() },
    body: JSON.stringify(body),
    signal,
  });

/** Why the scan was not taken: the server's own problem document, or a bucket's XML, which helps nobody. */
function refusalOf(xhr) {
  try {
    return failureOf(xhr.status, JSON.parse(xhr.responseText));
  } catch {
    return new Failure("problem", `The store did not take the scan (it answered ${xhr.status}). What you typed is kept; try again.`, { status: xhr.status });
  }
}

/** Sends the bytes with progress, which fetch cannot tell. */
function put(place, file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const abort = () => xhr.abort();
    const settle = (f, value) => {
      signal.removeEventListener("abort", abort);
      f(value);
    };
    if (signal.aborted) return reject(new Failure("cancelled", "Cancelled."));
    signal.addEventListener("abort", abort);
    xhr.open(place.method || "PUT", place.url);
    for (const [name, value] of Object.entries(place.headers || {})) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => onProgress(event.loaded, file.size);
    xhr.onabort = () => settle(reject, new Failure("cancelled", "Cancelled."));
    xhr.onerror = () => settle(reject, networkFailure(null, place.url));
    xhr.onload = () => (xhr.status < 300 ? settle(resolve, undefined) : settle(reject, refusalOf(xhr)));
    xhr.send(file);
  });
}

/** Brings a scan to where the server can read it; answers its key. */
export async function upload(file, { onProgress, signal }) {
  const place = await postJson("/uploads", { name: file.name || "scan.tif" }, signal);
  await put(place, file, onProgress, signal);
  return place.key;
}

/** Reads server-sent events (HTML standard, section 9.2) off a response. */
async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    let end;
    while ((end = text.indexOf("\n\n")) >= 0) {
      const event = { name: "message", data: "" };
      for (const line of text.slice(0, end).split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      text = text.slice(end + 2);
      if (event.data) yield event;
    }
  }
}

/** POST for an event stream; answers the result; onProgress({stage, fraction, ms}, id of the result to come). */
export async function postStream(url, body, { onProgress, signal }) {
  const response = await call(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...keyHeader() },
    body: JSON.stringify(body),
    signal,
  });
  try {
    for await (const event of eventsOf(response)) {
      const data = JSON.parse(event.data);
      if (event.name === "progress") onProgress(data, response.headers.get("X-Result-Id"));
      else if (event.name === "result") return data;
      else if (event.name === "error") throw failureOf(data.status || 500, data);
    }
  } catch (error) {
    throw error instanceof Failure ? error : networkFailure(error);
  }
  throw new Failure("network", "The connection broke off before the result came. Press Digitize again.");
}
