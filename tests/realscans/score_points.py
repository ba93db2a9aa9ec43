#!/usr/bin/env python3
"""Score a running server on points picked by eye on real scans.

    score_points.py URL POINTS_DIR SCANS_DIR [--only SUBSTRING] [--alone] [--json OUT]

Each POINTS_DIR/NAME.json is one stretch of one scan:
  file     the scan's name in SCANS_DIR (the scans are public but not ours: they are not in the project)
  rows     [y0, y1], the region, y1 exclusive
  edges    {"ROW": [x0, x1]}, the track's borders (column centres), at one row or more
  trouble  what is hard about it, in words
  curves   [{"name", "style", "points": [[row, x], ...]}]: the curve's centre at those rows, scan pixels

Each stretch goes to POST /digitize without depths; the CSV has, by row, the fraction of the track's
width.  A point counts as hit when the curve has a value there within 1 % of the track's width; a null
is a miss.  With --alone the curves of each style are asked for by themselves, as a user does who wants
one of a track's.  Needs numpy only.
"""
import argparse
import csv
import glob
import io
import json
import os
import sys
import urllib.request
import uuid

import numpy as np


def multipart(fields, path):
    boundary = uuid.uuid4().hex
    out = io.BytesIO()
    for name, value in fields:
        out.write(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    out.write(f'--{boundary}\r\nContent-Disposition: form-data; name="scan"; filename="{os.path.basename(path)}"\r\n'
              'Content-Type: image/tiff\r\n\r\n'.encode())
    with open(path, 'rb') as f:
        out.write(f.read())
    out.write(f'\r\n--{boundary}--\r\n'.encode())
    return out.getvalue(), f'multipart/form-data; boundary={boundary}'


def edges_of(stretch):
    return sorted((int(row), float(x[0]), float(x[1])) for row, x in stretch['edges'].items())


def edge_at(edges, row):
    rows = [e[0] for e in edges]
    return np.interp(row, rows, [e[1] for e in edges]), np.interp(row, rows, [e[2] for e in edges])


def request_fields(stretch):
    y0, y1 = stretch['rows']
    edges = edges_of(stretch)
    x0, x1 = int(round(min(e[1] for e in edges))), int(round(max(e[2] for e in edges)))
    fields = [('track', f'{x0},{y0},{x1 + 1},{y1}'), ('step', '1'), ('format', 'csv')]
    fields += [('edge', f'{row}:{a:g}:{b:g}') for row, a, b in edges]
    fields += [('curve', f'C{i + 1}:NONE:0:1:lin:{c["style"]}') for i, c in enumerate(stretch['curves'])]
    return fields


def digitize(url, stretch, scans):
    body, kind = multipart(request_fields(stretch), os.path.join(scans, stretch['file']))
    request = urllib.request.Request(url.rstrip('/') + '/digitize', data=body, headers={'Content-Type': kind})
    with urllib.request.urlopen(request, timeout=600) as reply:
        rows = list(csv.reader(io.StringIO(reply.read().decode())))
    head = rows[0]
    data = np.array([[float(v) if v.strip() else np.nan for v in r] for r in rows[1:] if r])
    return {name: data[:, i] for i, name in enumerate(head)}


def curve_hits(stretch, table, name, points):
    """Per picked point: hit or not, and the error as a fraction of the track's width."""
    edges = edges_of(stretch)
    error = []
    for row, x in points:
        a, b = edge_at(edges, row)
        i = int(np.argmin(np.abs(table['ROW'] - row)))
        value = table[name][i] if abs(table['ROW'][i] - row) <= 1 else np.nan
        error.append(abs(value - (x - a) / (b - a)))
    error = np.array(error)
    return np.nan_to_num(error, nan=np.inf) <= 0.01, error


def same_style_orders(stretch):
    """Curves of one style come back from left to right: match the picks in that order too."""
    order = list(range(len(stretch['curves'])))
    for style in {c['style'] for c in stretch['curves']}:
        members = [i for i in order if stretch['curves'][i]['style'] == style]
        ranked = sorted(members, key=lambda i: np.mean([p[1] for p in stretch['curves'][i]['points']]))
        for slot, i in zip(members, ranked):
            yield i, f'C{slot + 1}'


def requests_of(stretch, alone):
    """The stretch as it is asked for: once, or once for each style."""
    if not alone:
        return [stretch]
    styles = sorted({c['style'] for c in stretch['curves']})
    return [dict(stretch, curves=[c for c in stretch['curves'] if c['style'] == style]) for style in styles]


def read_stretches(points, only=''):
    """The stretches of POINTS_DIR whose names contain `only`, by name."""
    stretches = {}
    for path in sorted(glob.glob(os.path.join(points, '*.json'))):
        name = os.path.basename(path)[:-5]
        if only in name:
            with open(path) as f:
                stretches[name] = json.load(f)
    return stretches


def score_stretch(url, asked, scans):
    """(curve, hits, errors) of each curve of a stretch, in the order in which they are asked for."""
    table = digitize(url, asked, scans)
    for i, column in sorted(same_style_orders(asked)):
        curve = asked['curves'][i]
        yield curve, *curve_hits(asked, table, column, curve['points'])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('url')
    ap.add_argument('points')
    ap.add_argument('scans')
    ap.add_argument('--only', default='')
    ap.add_argument('--alone', action='store_true')
    ap.add_argument('--json')
    args = ap.parse_args()
    total, by_style, out = [], {}, {}
    for name, stretch in read_stretches(args.points, args.only).items():
        for asked in requests_of(stretch, args.alone):
            for curve, hit, error in score_stretch(args.url, asked, args.scans):
                print('%-34s %-10s %-7s %3d points, hit %.3f, null %.3f, median error %.4f' % (
                    name, curve['name'][:10], curve['style'], len(hit), hit.mean(), np.isnan(error).mean(),
                    np.nanmedian(error) if np.isfinite(error).any() else np.nan))
                total += list(hit)
                by_style.setdefault(curve['style'], []).extend(hit)
                out[f'{name}/{curve["name"]}'] = float(hit.mean())
    for style, hits in sorted(by_style.items()):
        print('%-7s %4d points, hit %.3f' % (style, len(hits), np.mean(hits)))
    if total:
        out['all'] = float(np.mean(total))
        print('all     %4d points, hit %.3f' % (len(total), out['all']))
    if args.json:
        with open(args.json, 'w') as f:
            json.dump(out, f, indent=1)
    return 0 if total else 1


if __name__ == '__main__':
    sys.exit(main())
