import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def writer():
    """The program that writes a LAS and a CSV of a made-up scan (write_las.c)."""
    path = os.environ.get("LAS_WRITER")
    if path:
        return pathlib.Path(path)
    subprocess.run(["make", "-s", "build/las/write_las"], cwd=ROOT, check=True)
    return ROOT / "build/las/write_las"


class Written:
    def __init__(self, las, csv, layout):
        self.las_path, self.csv_path, self.layout = las, csv, layout
        self.text = las.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()

    def item(self, mnemonic):
        """Unit and value of a header line, as text."""
        for line in self.lines:
            name, _, rest = line.partition(".")
            if name.strip() == mnemonic:
                unit, _, value = rest.rpartition(":")[0].partition(" ")
                return unit, value.strip()
        raise KeyError(mnemonic)

    def rows(self):
        """The data section as lists of text, one a depth."""
        at = next(i for i, line in enumerate(self.lines) if line.startswith("~A"))
        return [line.split() for line in self.lines[at + 1:]]


@pytest.fixture
def write(writer, tmp_path):
    def run(*fields, rows=2000, columns=500):
        las, csv = tmp_path / "out.las", tmp_path / "out.csv"
        done = subprocess.run([writer, las, csv, str(rows), str(columns), *fields], capture_output=True, text=True)
        if done.returncode:
            raise ValueError(done.stderr.strip())
        return Written(las, csv, done.stdout.strip())
    return run
