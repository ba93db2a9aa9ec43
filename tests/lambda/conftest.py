"""A function of AWS Lambda on loopback: the server, the Web Adapter beside it, and the platform's side."""
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ADAPTER_VERSION = "0.9.1"   # the newest that the crates registry has
BUILD_S = float(os.environ.get("ADAPTER_BUILD_S", 120))


def load(name):
    spec = importlib.util.spec_from_file_location(f"{name}_conftest", os.path.join(ROOT, "tests", name, "conftest.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


http_conftest, s3_conftest = load("http"), load("s3")
binary, checkpoints, weights, scan, slow_scan = (getattr(http_conftest, n) for n in (
    "binary", "checkpoints", "weights", "scan", "slow_scan"))
swift, bucket, prefix, settings = (getattr(s3_conftest, n) for n in ("swift", "bucket", "prefix", "settings"))

sys.path.insert(0, HERE)
from harness import Server  # noqa: E402
from runtime import Runtime  # noqa: E402


def build_adapter(folder):
    """Into build/, once: a few minutes of compiling.  Stopped after BUILD_S; the next run goes on from there."""
    command = ["nice", "cargo", "install", "--quiet", "--root", folder, "--version", ADAPTER_VERSION, "lambda_web_adapter"]
    build = subprocess.Popen(command, env={**os.environ, "CARGO_TARGET_DIR": os.path.join(folder, "target")},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        if build.wait(BUILD_S) == 0:
            shutil.rmtree(os.path.join(folder, "target"))
    except subprocess.TimeoutExpired:
        os.killpg(build.pid, signal.SIGKILL)
        build.wait()


@pytest.fixture(scope="session")
def adapter():
    """The real adapter's command, built from its crate where it is not there; else the emulation's."""
    folder = os.path.join(ROOT, "build", "lwa")
    built = os.path.join(folder, "bin", "lambda-adapter")
    found = os.environ.get("LAMBDA_ADAPTER") or shutil.which("lambda-adapter")
    if not found:
        if not os.path.exists(built) and shutil.which("cargo"):
            build_adapter(folder)
        found = os.path.exists(built) and built
    if found:
        return [found]
    warnings.warn("No Lambda Web Adapter could be built here: an emulation stands in for it.")
    return [sys.executable, os.path.join(HERE, "emulated_adapter.py")]


class Function:
    """One execution environment."""

    def __init__(self, adapter, binary, folder, weights, **settings):
        self.runtime = Runtime()
        port = s3_conftest.free_port()
        shared = {"AWS_LAMBDA_RUNTIME_API": self.runtime.address, "AWS_LAMBDA_FUNCTION_NAME": "curvelog",
                  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                  "AWS_LWA_READINESS_CHECK_PATH": "/healthz", "AWS_LWA_PORT": str(port)}
        for name in [n for n in settings if n.startswith("AWS_LWA_")]:
            shared[name] = settings.pop(name)
        self.started = time.monotonic()
        # The platform starts the extension, then the function's own process.
        self.adapter = subprocess.Popen(adapter, env={**os.environ, **shared}, stderr=subprocess.DEVNULL)
        self.server = Server(binary, folder, weights, PORT=port, MAX_UPLOAD_MB="4.4", **shared, **settings)
        assert self.runtime.registered.wait(20)
        self.invoke, self.start = self.runtime.invoke, self.runtime.start

    def signal(self, number):
        for process in (self.adapter, self.server.process):
            process.send_signal(number)

    def stop(self):
        self.signal(signal.SIGCONT)
        self.adapter.kill()
        self.adapter.wait()
        status = self.server.stop()
        self.runtime.stop()
        return status


@pytest.fixture
def function(adapter, binary, tmp_path, weights):
    running = []

    def begin(**settings):
        folder = tmp_path / f"function{len(running)}"
        folder.mkdir()
        running.append(Function(adapter, binary, folder, weights, **settings))
        return running[-1]

    yield begin
    for one in running:
        assert one.stop() == 0, open(one.server.log_path).read()[-4000:]
