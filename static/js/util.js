// Small things that every module uses.

export const $ = (id) => document.getElementById(id);

/** Makes an element: el("a", {href, class, text, on: {click}}, ...children). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [type, f] of Object.entries(value)) node.addEventListener(type, f);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

/** A number as typed ("1,234.5" and "−3" too), NaN when it is none, null when nothing is typed. */
export function parseNumber(text) {
  const plain = String(text).trim().replace(/\u2212/g, "-").replace(/(\d),(?=\d{3}(\D|$))/g, "$1");
  if (plain === "") return null;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

export function formatBytes(n) {
  if (n < 1e3) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(0)} kB`;
  if (n < 1e9) return `${(n / 1e6).toFixed(1)} MB`;
  return `${(n / 1e9).toFixed(2)} GB`;
}

export function formatMs(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

/** Hands a Blob to the user as a file. */
export function saveFile(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

export const saveText = (name, type, text) => saveFile(name, new Blob([text], { type }));

/** Calls f at most once a frame. */
export function eachFrame(f) {
  let wanted = false;
  return () => {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      f();
    });
  };
}
