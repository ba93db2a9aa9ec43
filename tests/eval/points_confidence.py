"""How far a server's confidence holds on points picked by eye on real scans (tests/realscans).

    points_confidence.py URL POINTS_DIR SCANS_DIR
"""
import argparse
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from evaluate_server import ROOT, reliability, show_reliability  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "tests", "realscans"))
import score_points  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("points")
    parser.add_argument("scans")
    args = parser.parse_args()
    fields = score_points.request_fields
    score_points.request_fields = lambda stretch: fields(stretch) + [("confidence", "1")]
    confidence, near = [], []
    for stretch in score_points.read_stretches(args.points).values():
        table = score_points.digitize(args.url, stretch, args.scans)
        for i, column in score_points.same_style_orders(stretch):
            points = stretch["curves"][i]["points"]
            hit, error = score_points.curve_hits(stretch, table, column, points)
            at = [int(np.argmin(np.abs(table["ROW"] - row))) for row, _ in points]
            there = np.isfinite(error)
            confidence.append(table[column + "_CONF"][at][there])
            near.append(hit[there])
    show_reliability(reliability(np.concatenate(confidence), np.concatenate(near)))


if __name__ == "__main__":
    main()
