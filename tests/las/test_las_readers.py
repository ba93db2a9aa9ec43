"""What las.c writes, read by lasio and lascheck, which are not ours."""
import csv
import json
import math
from decimal import Decimal

import lascheck
import lasio
import numpy as np
import pytest

NULL = -999.25
GRIDS = [  # top, bottom, unit, step
    ("226.24", "438.88697371074556", "m", "0.05"),
    ("102.54", "278.93261721818374", "m", "0.1524"),
    ("1607.57", "2008.3054191500078", "ft", "0.1"),
    ("1.16", "134.9465122626139", "m", "0.1"),
    ("0", "2000", "ft", "0.5"),
    ("0", "1000", "ft", "0.25"),
    ("250", "1100", "ft", "0.5"),
    ("12345.678", "12545.678", "ft", "0.125"),
    ("5000.01", "5330.07", "ft", "0.3333"),
    ("1670.1", "1660.2", "m", None),
    ("999.999", "1100.001", "m", "0.3048"),
    ("3000", "3020", "m", "0.0762"),
    ("7.7", "77.7", "m", "0.15"),
    ("20000.5", "20400.5", "ft", "1"),
    ("30000", "30500", "ft", "2"),
    ("512.3", "640", "ft", "0.01"),
    ("2048.1", "2100", "m", "0.02"),
    ("100", "300", "m", "0.123456789"),
    ("-50.5", "100.25", "ft", "0.25"),
    ("-350.5", "-100.25", "m", "0.2"),
    ("1000", "1400", "ft", None),
    ("1000", "1031.7", "m", None),
    ("8192.3", "8200", "ft", "0.1016"),
    ("1500", "1501", "m", "0.0305"),
    ("100000.3", "100400.7", "ft", "0.1"),
    ("0.001", "0.9", "m", "0.0005"),
]


def fields(top, bottom, unit, step):
    if float(bottom) < float(top):
        depths = [f"depth_line=0:{top}", f"depth_line=1999:{bottom}"]
    else:
        depths = [f"depth_top={top}", f"depth_bottom={bottom}"]
    return depths + [f"depth_unit={unit}", "track=10,0,411,2000", "curve=GR:GAPI:0:150", "curve=ILD:OHMM:0.2:2000:log:dashed"] + (
        [f"step={step}"] if step else [])


@pytest.fixture(params=GRIDS, ids=lambda g: f"{g[0]}-{g[1]}{g[2]}-{g[3]}")
def grid(request):
    return request.param


def test_lascheck_accepts(write, grid):
    las = lascheck.read(str(write(*fields(*grid)).las_path))
    assert las.get_non_conformities() == []
    assert las.check_conformity()


def test_depths_are_exact(write, grid):
    """In decimal arithmetic on the printed texts: no rounding anywhere."""
    top, bottom, unit, step_asked = grid
    written = write(*fields(*grid))
    start, stop, step = (Decimal(written.item(m)[1]) for m in ("STRT", "STOP", "STEP"))
    assert {written.item(m)[0] for m in ("STRT", "STOP", "STEP", "DEPT")} == {unit.upper()}
    if step_asked:
        assert step == Decimal(step_asked)
    assert start % step == 0 and stop % step == 0
    depths = [Decimal(r[0]) for r in written.rows()]
    assert depths == [start + i * step for i in range(len(depths))]
    assert depths[-1] == stop
    if float(top) < float(bottom):
        low, high = Decimal(top), Decimal(bottom)
        assert low <= start < low + 14 * step and high - 14 * step < stop <= high


def test_lasio_reads_it_back(write, grid):
    """Values, nulls and header by lasio, against the made-up curves."""
    written = write(*fields(*grid))
    las = lasio.read(str(written.las_path))
    assert las.keys() == ["DEPT", "GR", "ILD"]
    assert las.curves["GR"].unit == "GAPI" and las.curves["ILD"].unit == "OHMM"
    assert las.well["NULL"].value == NULL
    assert las.version["VERS"].value == 2.0 and las.version["WRAP"].value == "NO"
    assert np.isfinite(las.index).all()
    lines = sorted((float(k), v) for k, v in json.loads(written.layout)["depth_lines"].items())
    (r0, d0), (r1, d1) = lines[0], lines[-1]
    row = r0 + (las.index - d0) / (d1 - d0) * (r1 - r0)
    near = np.clip(np.round(row).astype(int), 0, 1999)
    full = (near % 97 > 6) & (near % 97 < 95) & (row > 0) & (row < 1999)   # beyond, the last row stands for itself
    for k, (name, value) in enumerate((("GR", lambda f: 150 * f), ("ILD", lambda f: 0.2 * 1e4 ** f))):
        got, want = las[name], value(0.5 + 0.6 * np.sin(0.013 * (k + 1) * row))
        assert np.isfinite(got[full]).all() and np.isnan(got[(near % 97 > 0) & (near % 97 < 4)]).all()
        slack = 0.03 if name == "GR" else 3e-3 * want[full]
        assert (np.abs(got[full] - want[full]) <= slack).all()


def test_csv_says_the_same(write, grid):
    written = write(*fields(*grid))
    with open(written.csv_path, newline="") as f:
        head, *rows = list(csv.reader(f))
    assert head == ["DEPT", "GR", "ILD"]
    assert [[cell if cell else "-999.25" for cell in r] for r in rows] == written.rows()


def test_header_round_trip(write):
    header = {"well": ("WELL", "D K Heinen 1-4"), "company": ("COMP", "O'Neil & Söhne, 3. Bohrung"), "field": ("FLD", "Ft. Riley"),
              "location": ("LOC", "NE/4 SW/4  10-20S-30W"), "county": ("CNTY", "Nemaha"), "state": ("STAT", "Kansas"),
              "country": ("CTRY", "USA"), "service_company": ("SRVC", "Welex"), "date": ("DATE", "1957-03-04"),
              "api": ("API", "15-131-20215"), "uwi": ("UWI", "100/01-11-082-23W4/0")}
    written = write(*fields("250", "1100", "ft", "0.5"), *(f"{k}={v}" for k, (_, v) in header.items()))
    las = lasio.read(str(written.las_path), encoding="utf-8")
    for mnemonic, text in header.values():
        assert las.well[mnemonic].value == text
    assert lascheck.read(str(written.las_path)).check_conformity()


@pytest.mark.parametrize("text", ["a: b", "x\r\ny", "~A", "# no comment", "12:30:15", ":", "", " ", "a" * 63, "1,234", "nan", "tab\there", "..", "M.N: O"])
def test_header_text_cannot_break_the_file(write, text):
    written = write(*fields("250", "1100", "ft", "0.5"), *(f"{k}={text}" for k in ("well", "company", "field", "location", "date", "api", "uwi")))
    las = lasio.read(str(written.las_path))
    assert las.keys() == ["DEPT", "GR", "ILD"] and len(las.index) == 1701
    assert lascheck.read(str(written.las_path)).check_conformity()
    assert all(len(line) <= 254 for line in written.lines)


@pytest.mark.parametrize("mnemonic,unit", [("DPHI_LIM", "V/V"), ("AT10", "OHM-M"), ("SP-1", "MV"), ("%SH", "%"), ("A/B", "US/F"), ("C1", "G/C.C"), ("x" * 31, "y" * 31),
                                           ("GR", ""), ("N", "(M)"), ("RHOB", "g/cm³")])
def test_mnemonics_and_units_survive(write, mnemonic, unit):
    written = write("depth_top=100", "depth_bottom=300", "depth_unit=m", "step=0.1", f"curve={mnemonic}:{unit}:0:1")
    las = lasio.read(str(written.las_path), encoding="utf-8", mnemonic_case="preserve")
    assert las.curves[1].mnemonic == mnemonic
    assert las.curves[1].unit == (unit.strip("()") if unit.startswith("(") else unit)
    assert lascheck.read(str(written.las_path)).check_conformity()


def test_the_calibration_can_be_taken_out_again(write):
    """The LAYOUT lines of ~Other, joined, are the layout; digitizing with it gives the same file."""
    lines = [f"depth_line={100 + 37 * i}:{1000 + 10 * i + 0.1 * (i % 3)}" for i in range(50)]
    first = write(*lines, "depth_unit=ft", "track=10,0,411,2000", "edge=0:10:410", "edge=1999:15:415", "curve=GR:GAPI:0:150")
    other = lasio.read(str(first.las_path)).other
    joined = "".join(line[len("LAYOUT "):] for line in other.splitlines() if line.startswith("LAYOUT "))
    assert joined == first.layout
    again = write(f"layout={joined}", "step=" + first.item("STEP")[1])
    assert again.text == first.text


def test_many_curves_are_wrapped(write):
    curves = [f"curve=C{i}:V:0:{100 + i}" for i in range(60)]
    written = write("depth_top=1000", "depth_bottom=1200", "depth_unit=ft", "step=0.5", *curves)
    las = lasio.read(str(written.las_path))
    assert las.version["WRAP"].value == "YES"
    assert len(las.keys()) == 61 and len(las.index) == 401
    assert lascheck.read(str(written.las_path)).check_conformity()
    with open(written.csv_path, newline="") as f:
        rows = list(csv.reader(f))[1:]
    assert [float(r[0]) for r in rows] == list(las.index)
    for k in (1, 30, 60):
        want = np.array([float(r[k]) if r[k] else math.nan for r in rows])
        assert np.array_equal(las[f"C{k - 1}"], want, equal_nan=True)


def test_one_depth_is_a_file_too(write):
    written = write("depth_top=99.9", "depth_bottom=100.1", "depth_unit=ft", "step=5", "curve=GR:GAPI:0:150")
    assert [r[0] for r in written.rows()] == ["100"]
    assert lascheck.read(str(written.las_path)).check_conformity()


@pytest.mark.parametrize("step", ["0.3333333333", "0", "-1", "1e-7", "500"])
def test_steps_that_cannot_be_are_refused(write, step):
    with pytest.raises(ValueError, match="^step: "):
        write("depth_top=100", "depth_bottom=300", "depth_unit=ft", f"step={step}", "curve=GR:GAPI:0:150")


def test_no_depth_no_las(write):
    with pytest.raises(ValueError, match="^depth_top: "):
        write("curve=GR:GAPI:0:150")
