"""A Docker engine, the image built in it, a scan."""
import io
import os
import shutil
import subprocess
import sys
import tarfile

import pytest
from PIL import Image

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from containers import BASE, ROOT, Setup, answers, docker, import_base, start_engine  # noqa: E402


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """The engine that answers, else one of the tests' own."""
    daemon, host = None, os.environ.get("DOCKER_HOST")
    if not shutil.which("docker"):
        pytest.skip("docker is not installed")
    try:
        if not answers():
            if not shutil.which("dockerd") or os.geteuid():
                pytest.skip("no Docker engine answers, and none can be started")
            folder = tmp_path_factory.mktemp("engine")
            daemon = start_engine(folder)
            if not answers():
                pytest.skip("no Docker engine can be started here")
        setup = Setup()
        if docker("image", "inspect", BASE, check=False).returncode and docker("pull", BASE, check=False).returncode:
            if not shutil.which("debootstrap") or os.geteuid():
                pytest.skip(f"the base image {BASE} is not to be had")
            import_base(setup, tmp_path_factory.mktemp("base"))
        yield setup
    finally:
        if daemon:
            daemon.terminate()
            daemon.wait(60)
            # The engine leaves the name of its network namespace mounted.
            subprocess.run(["umount", f"{folder}/exec/netns/default"], capture_output=True)
            os.environ.pop("DOCKER_HOST")
            if host:
                os.environ["DOCKER_HOST"] = host


@pytest.fixture(scope="session")
def image(engine):
    """Built with the adapter where one is at hand, else without."""
    adapter = os.environ.get("LAMBDA_ADAPTER") or os.path.join(ROOT, "build", "lwa", "bin", "lambda-adapter")
    arguments = ["--target", "server"]
    if os.path.exists(adapter):
        text = io.BytesIO()
        with tarfile.open(fileobj=text, mode="w") as tar:
            tar.add(adapter, "lambda-adapter")
        engine.run("docker", "import", "-", "curvelog-test-adapter", input=text.getvalue())
        arguments = ["--build-arg", "LWA_IMAGE=curvelog-test-adapter"]
    engine.build("curvelog-test", *arguments)
    return "curvelog-test"


@pytest.fixture(scope="session")
def scan():
    out = io.BytesIO()
    picture = Image.new("1", (160, 320), 1)
    for y in range(320):
        for x in (79, 80, 81):
            picture.putpixel((x, y), 0)
    picture.save(out, "TIFF", dpi=(200, 200))
    return out.getvalue()
