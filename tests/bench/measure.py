"""Runs what is measured, each in a fresh process, and keeps the figures."""
import json
import os
import statistics
import subprocess

median = statistics.median


def environment(**more):
    """The caller's, but for what would change OpenBLAS or the engine."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "OMP_", "CURVELOG_"))}
    return {**kept, **more}


def run(*command, **more):
    """The output of a command.  `more` are environment variables."""
    done = subprocess.run([*map(str, command)], env=environment(**more), stdout=subprocess.PIPE, text=True,
                          check=True)
    return done.stdout


def run_json(*command, **more):
    return json.loads(run(*command, **more))


class Bench:
    """The tools, the scratch folder and the rows of the table: (what, target, measured, met or None)."""

    def __init__(self, root, build, checkpoint, python, rounds):
        self.root, self.build = root, os.path.abspath(build)
        self.checkpoint, self.python, self.rounds = checkpoint, python, rounds
        self.work = os.path.join(self.build, "bench")
        self.rows, self.facts = [], {}

    def path(self, name):
        return os.path.join(self.work, name)

    def tool(self, name):
        return os.path.join(self.root, "tests", "bench", name)

    def ink(self, name, make):
        """The path of a raw scan; made once a run."""
        path = self.path(name + ".u8")
        make().tofile(path)
        return path

    def engine(self, ink, height, width, threads, runs, *options, **more):
        return run_json(self.path("bench_forward"), self.checkpoint, ink, height, width, threads, runs, *options, **more)

    def onnx(self, model, ink, height, width, threads, runs):
        return run_json(self.python, self.tool("onnx_forward.py"), model, ink, height, width, threads, runs)

    def add(self, what, target, measured, met=None):
        self.rows.append((what, target, measured, met))
        print(f"  {what}: {measured}", flush=True)
