// The server's CSV as columns of numbers, read while it arrives: a tall scan's file has millions of characters.

const NEWLINE = 10, RETURN = 13, SPACE = 32, PLUS = 43, COMMA = 44, MINUS = 45, DOT = 46, ZERO = 48, NINE = 57;
const EXACT = 2 ** 53;
const POWERS = Array.from({ length: 23 }, (_, k) => 10 ** k);

/** The number in bytes [from, to); NaN for an empty cell.  Digits and one dot are read here, with the same
 * result as Number() while digits and power are exact; anything else is left to Number(). */
function parseCell(bytes, from, to) {
  let digits = 0, decimals = -1, sign = 1, i = from, seen = false;
  if (bytes[i] === MINUS || bytes[i] === PLUS) sign = bytes[i++] === MINUS ? -1 : 1;
  for (; i < to; i++) {
    const c = bytes[i];
    if (c >= ZERO && c <= NINE) {
      digits = digits * 10 + (c - ZERO);
      if (decimals >= 0) decimals++;
      seen = true;
    } else if (c === DOT && decimals < 0) decimals = 0;
    else break;
  }
  if (i === to && seen && digits < EXACT && decimals < POWERS.length) return (sign * digits) / POWERS[Math.max(decimals, 0)];
  const text = new TextDecoder().decode(bytes.subarray(from, to)).trim();
  return text === "" ? NaN : Number(text);
}

/** Takes the file's bytes piece by piece. */
export class CsvReader {
  constructor() {
    Object.assign(this, { names: null, rows: 0, columns: [], room: 0, rest: new Uint8Array(0) });
  }

  push(piece) {
    let bytes = piece;
    if (this.rest.length) {
      bytes = new Uint8Array(this.rest.length + piece.length);
      bytes.set(this.rest);
      bytes.set(piece, this.rest.length);
    }
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    this.take(bytes, whole);
    this.rest = bytes.slice(whole);
  }

  /** {names, rows, columns: [Float64Array, …]}, NaN for empty cells. */
  end() {
    if (this.rest.length) this.push(Uint8Array.of(NEWLINE));
    return { names: this.names || [], rows: this.rows, columns: this.columns.map((column) => column.subarray(0, this.rows)) };
  }

  /** Reads whole lines, bytes [0, end). */
  take(bytes, end) {
    let at = 0;
    while (at < end) {
      let stop = bytes.indexOf(NEWLINE, at);
      const next = stop + 1;
      if (stop > at && bytes[stop - 1] === RETURN) stop--;
      if (!this.names) this.readNames(bytes.subarray(at, stop));
      else this.readRow(bytes, at, stop);
      at = next;
    }
  }

  readNames(line) {
    this.names = new TextDecoder().decode(line).split(",").map((name) => name.trim().replace(/^"|"$/g, ""));
    this.columns = this.names.map(() => new Float64Array(0));
  }

  readRow(bytes, at, stop) {
    if (this.rows === this.room) this.grow();
    const n = this.columns.length;
    for (let k = 0, from = at; k < n && from <= stop; k++) {
      let to = from;
      while (to < stop && bytes[to] !== COMMA) to++;
      const empty = to === from || (to === from + 1 && bytes[from] === SPACE);
      if (!empty) this.columns[k][this.rows] = parseCell(bytes, from, to);
      from = to + 1;
    }
    this.rows++;
  }

  grow() {
    this.room = Math.max(4096, 2 * this.room);
    this.columns = this.columns.map((column) => {
      const larger = new Float64Array(this.room).fill(NaN);
      larger.set(column.subarray(0, this.rows));
      return larger;
    });
  }
}

/** Reads all of a text. */
export function parseCsv(text) {
  const reader = new CsvReader();
  reader.push(new TextEncoder().encode(text));
  return reader.end();
}
