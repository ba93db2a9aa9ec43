"""A supersampled canvas: everything is drawn as warped polylines, so that ink and label bend alike.

Page coordinates are output pixels (x right, y down, integers at pixel centres).
"""
import cv2
import numpy as np

SHIFT = 4  # fractional bits of OpenCV's fixed-point coordinates
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_PLAIN,
         cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def smooth_noise(rng, n, period):
    """[n] values of about unit variance that vary over some `period` samples."""
    knots = int(n / period) + 4
    values = rng.standard_normal(knots)
    at = rng.uniform(0, 1) + np.arange(n) / period + 1
    i = at.astype(int)
    t = at - i
    s = t * t * (3 - 2 * t)
    i = np.minimum(i, knots - 2)
    return values[i] * (1 - s) + values[i + 1] * s


def flat(pieces):
    """All points of polylines, [n,2]."""
    return np.concatenate(pieces) if isinstance(pieces, list) else pieces.reshape(-1, 2)


def split_like(points, pieces):
    """Points of `flat` back into polylines."""
    if isinstance(pieces, list):
        ends = np.cumsum([len(p) for p in pieces]).tolist()
        return [points[a:b] for a, b in zip([0] + ends, ends)]
    return points.reshape(pieces.shape)


class Warp:
    """Maps ideal page coordinates to where paper and scanner put them."""

    MARGIN = 256

    def __init__(self, height, width):
        n = height + 2 * self.MARGIN
        self.rows = np.arange(-self.MARGIN, height + self.MARGIN, dtype=np.float64)
        self.dx = np.zeros(n)
        self.dy = np.zeros(n)
        self.width_scale = np.ones(n)
        self.slope = 0.0  # dy per px of x
        self.centre = width / 2
        self.jittery = False

    def add_skew(self, tangent):
        self.dx += tangent * (self.rows - self.rows.mean())
        self.slope -= tangent

    def add_drift(self, rng, amplitude, period):
        self.dx += amplitude * smooth_noise(rng, len(self.dx), period)

    def add_stretch(self, rng, amount, period):
        self.dy += np.cumsum(amount * smooth_noise(rng, len(self.dy), period))
        self.dy -= self.dy.mean()
        self.width_scale += 0.3 * amount * smooth_noise(rng, len(self.dy), period)

    def add_row_jitter(self, rng, amplitude, hold):
        n = len(self.dx)
        steps = rng.standard_normal(n // hold + 1)
        self.dx += amplitude * np.repeat(steps, hold)[:n]
        self.jittery = True

    def add_jump(self, row, shift, slip):
        """A splice: the rest of the page moved by `shift` px sideways and `slip` px down."""
        self.dx[row + self.MARGIN:] += shift
        self.dy[row + self.MARGIN:] += slip
        self.jittery = True

    def __call__(self, points):
        x, y = points[:, 0], points[:, 1]
        at = y + self.MARGIN
        i = np.minimum(np.maximum(at.astype(np.int64), 0), len(self.dx) - 2)
        t = np.minimum(np.maximum(at - i, 0), 1)
        dx = self.dx[i] * (1 - t) + self.dx[i + 1] * t
        dy = self.dy[i] * (1 - t) + self.dy[i + 1] * t
        out = np.empty((len(points), 2))
        out[:, 0] = self.centre + (x - self.centre) * self.width_scale[i] + dx
        out[:, 1] = y + dy + self.slope * (x - self.centre)
        return out


class Canvas:
    """Ink layers at `scale` canvas pixels per page pixel; layers are joined by maximum."""

    def __init__(self, height, width, scale, warp, crisp=False):
        self.height, self.width = height, width
        self.line_type = cv2.LINE_8 if crisp else cv2.LINE_AA
        self.shape = (int(round(height * scale)), int(round(width * scale)))
        self.scale = np.array([self.shape[1] / width, self.shape[0] / height])
        self.warp = warp
        self.layers = {}
        self.on_top = ()  # names of layers that hide what is under them
        self.labels = np.zeros((3, height, width), np.uint8)
        self.paths = []  # of the labels: (class, warped polylines)
        self.tracks = []  # (grid.Track, per curve the first of its paths and one past the last)

    def layer(self, name):
        if name not in self.layers:
            self.layers[name] = np.zeros(self.shape, np.uint8)
        return self.layers[name]

    def fixed(self, points):
        """Warped page coordinates [n,2] to fixed-point canvas coordinates."""
        return np.rint(((points + 0.5) * self.scale - 0.5) * (1 << SHIFT)).astype(np.int32)

    def nib(self, width):
        """OpenCV's thickness, and the shift of two strokes, that together ink `width` page px.

        OpenCV's lines with fractional ends are 1, 3, 5 … px wide for a thickness of 1, 2, 4 ….
        """
        wanted = max(1.0, width * self.scale[0])
        half = int((wanted - 0.7) / 2)
        rest = wanted - (2 * half + 1)
        shift = int(rest / 2 * (1 << SHIFT)) if rest > 0.4 else 0
        return max(1, 2 * half), np.array([shift, shift // 2], np.int32)

    def stroke(self, name, pieces, width, value, smooth=True):
        """Draws warped polylines; `pieces` is a list of [n,2] or an array [k,m,2]."""
        if isinstance(pieces, list):
            pieces = [p for p in pieces if len(p) > 1]
        if not len(pieces):
            return
        thickness, shift = self.nib(width)
        points = self.fixed(flat(pieces))
        for side in (1, -1) if shift[0] else (0,):
            moved = split_like(points + side * shift, pieces)
            cv2.polylines(self.layer(name), moved, False, int(value), thickness,
                          self.line_type if smooth else cv2.LINE_8, SHIFT)

    def segments(self, name, ends, width, value, smooth=False):
        """Straight page segments [k,4] (x0,y0,x1,y1), bent as the warp bends them."""
        ends = np.asarray(ends, np.float64).reshape(-1, 4)
        if not len(ends):
            return
        tall = np.abs(ends[:, 3] - ends[:, 1])
        count = np.where(tall > 2, tall / (1.0 if self.warp.jittery else 24.0), 0).astype(np.int64) + 2
        which = np.repeat(np.arange(len(ends)), count)
        first = np.cumsum(count) - count
        t = ((np.arange(len(which)) - first[which]) / (count[which] - 1))[:, None]
        bent = self.warp(ends[which, :2] * (1 - t) + ends[which, 2:] * t)
        pieces = [bent[a:a + n] for a, n in zip(first.tolist(), count.tolist())]
        self.stroke(name, pieces, width, value, smooth)

    def label(self, cls, pieces):
        """Draws the centre line of a curve, some 4 px wide, into class `cls`; warped polylines."""
        pieces = [p for p in pieces if len(p) > 1]
        self.paths.append((cls, pieces))
        if not pieces:
            return
        fixed = split_like(np.rint(flat(pieces) * (1 << SHIFT)).astype(np.int32), pieces)
        line = np.zeros((self.height, self.width), np.uint8)
        cv2.polylines(line, fixed, False, 255, 2, cv2.LINE_AA, SHIFT)
        self.labels[cls] |= (line >= 140).astype(np.uint8)

    def text(self, name, where, string, size, value, font=0, weight=1.0, quarter_turns=0):
        """Writes with its box's middle at page point `where`; `size` is cap height in page px."""
        scale = max(0.2, size * self.scale[0] / 21.0 / (0.55 if font == 2 else 1.0))
        thick = max(1, int(round(weight * self.scale[0])))
        (w, h), base = cv2.getTextSize(string, FONTS[font], scale, thick)
        tile = np.zeros((h + base + 2 * thick + 2, w + 2 * thick + 2), np.uint8)
        cv2.putText(tile, string, (thick, h + thick), FONTS[font], scale, int(value), thick,
                    cv2.LINE_AA)
        tile = np.rot90(tile, quarter_turns) if quarter_turns else tile
        self.paste(name, where, tile)

    def paste(self, name, where, tile, clear=False):
        """Puts a canvas-sized tile around page point `where`, by maximum, or over what is there."""
        at = self.warp(np.array([where], np.float64))[0] * self.scale
        y, x = int(at[1] - tile.shape[0] / 2), int(at[0] - tile.shape[1] / 2)
        y0, x0 = max(y, 0), max(x, 0)
        y1, x1 = min(y + tile.shape[0], self.shape[0]), min(x + tile.shape[1], self.shape[1])
        if y0 >= y1 or x0 >= x1:
            return
        part = self.layer(name)[y0:y1, x0:x1]
        tile = tile[y0 - y:y1 - y, x0 - x:x1 - x]
        np.copyto(part, tile if clear else np.maximum(part, tile))

    def erase(self, where, size):
        """Clears a box of page px `size` (w, h) around page point `where` in all layers."""
        at = self.warp(np.array([where], np.float64))[0]
        low = np.maximum((at - np.array(size) / 2) * self.scale, 0).astype(int)
        high = np.maximum((at + np.array(size) / 2) * self.scale, 0).astype(int)
        for layer in self.layers.values():
            layer[low[1]:high[1], low[0]:high[0]] = 0

    def merged(self, leave_out=()):
        """All layers as one: horizontal and vertical grid lines add up where they cross."""
        out = cv2.add(self.layer("rows"), self.layer("columns"))
        for name, layer in self.layers.items():
            if name not in ("rows", "columns", *leave_out):
                cv2.max(out, layer, out)
        for name in self.on_top:
            if name not in leave_out:
                np.copyto(out, self.layer(name), where=self.layer(name) > 60)
        return out
