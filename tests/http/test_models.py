"""Checkpoints on the mount: missing, bad, swapped, chosen by name."""
import os
import shutil
import threading

import pytest
import requests
from harness import problem

CURVE = [("curve", "GR:GAPI:0:150")]


@pytest.fixture
def mount(tmp_path):
    folder = tmp_path / "mount"
    folder.mkdir()
    return folder


def put(checkpoint, mount, name="curvenet"):
    """As an operator does it: copied beside, then renamed into place."""
    shutil.copy(checkpoint, mount / "incoming")
    os.rename(mount / "incoming", mount / (name + ".safetensors"))


def test_missing_then_there(start, mount, checkpoints, scan):
    server = start(mount)
    ready = server.get("/readyz")
    assert ready.status_code == 200 and ready.json()["model"]["state"] == "missing"
    body = problem(server.digitize(scan, CURVE), 503)
    assert "curvenet.safetensors" in body["detail"]
    assert server.get("/healthz").status_code == 200
    ready = server.get("/readyz")
    assert ready.status_code == 503 and ready.json()["model"]["state"] == "refused"
    put(checkpoints / "a.safetensors", mount)
    assert server.get("/readyz").status_code == 200
    assert server.digitize(scan, CURVE).status_code == 200
    assert server.get("/readyz").json()["model"]["state"] == "loaded"


@pytest.mark.parametrize("spoil", [
    lambda b: b[: len(b) // 2],
    lambda b: b[:4],
    lambda b: b"",
    lambda b: b"not safetensors" * 100,
    lambda b: b[:-4] + b"\0\0\xc0\x7f",   # the last weight is NaN
    lambda b: b[:-100] + b"\1" + b[-99:],   # the checksum is wrong
])
def test_bad_checkpoint_is_refused_with_a_sentence(start, mount, checkpoints, scan, spoil):
    good = (checkpoints / "a.safetensors").read_bytes()
    (mount / "curvenet.safetensors").write_bytes(spoil(good))
    server = start(mount)
    first = problem(server.digitize(scan, CURVE), 503)
    assert len(first["detail"]) > 20
    problem(server.digitize(scan, CURVE), 503)
    assert server.get("/readyz").status_code == 503
    listed = server.get("/models").json()["models"][0]
    assert listed["loaded"] is False and listed["error"]
    put(checkpoints / "a.safetensors", mount)
    assert server.digitize(scan, CURVE).status_code == 200


def test_swap_without_a_restart(start, mount, checkpoints, scan):
    put(checkpoints / "a.safetensors", mount)
    server = start(mount)
    first = server.digitize(scan, CURVE).json()["model"]
    put(checkpoints / "b.safetensors", mount)
    reply = server.digitize(scan, CURVE).json()
    assert reply["model"]["sha256"] != first["sha256"] and reply["timing"]["cold_start"] is True
    (mount / "curvenet.safetensors").write_bytes(b"a broken copy")
    kept = server.digitize(scan, CURVE).json()
    assert kept["model"]["sha256"] == reply["model"]["sha256"] and kept["timing"]["cold_start"] is False
    ready = server.get("/readyz")
    assert ready.status_code == 200 and ready.json()["model"]["detail"]
    assert server.get("/models").json()["models"][0]["error"]
    assert any("refused" in line["msg"] and "stays" in line["msg"] for line in server.log())
    os.remove(mount / "curvenet.safetensors")
    assert server.digitize(scan, CURVE).json()["model"]["sha256"] == reply["model"]["sha256"]
    put(checkpoints / "a.safetensors", mount)
    assert server.digitize(scan, CURVE).json()["model"]["sha256"] == first["sha256"]
    assert "detail" not in server.get("/readyz").json()["model"]


def test_swap_while_requests_run(start, mount, checkpoints, scan):
    put(checkpoints / "a.safetensors", mount)
    server = start(mount, MAX_CONCURRENT="4")
    seen, failed, stop = set(), [], threading.Event()

    def work():
        while not stop.is_set():
            response = server.digitize(scan, CURVE)
            if response.status_code == 200:
                seen.add(response.json()["model"]["sha256"])
            else:
                failed.append(response.text)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(6):
        put(checkpoints / ("b.safetensors" if i % 2 == 0 else "a.safetensors"), mount)
        server.digitize(scan, CURVE)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == [] and len(seen) == 2


def test_first_requests_load_once(start, mount, checkpoints, scan):
    put(checkpoints / "a.safetensors", mount)
    server = start(mount, MAX_CONCURRENT="4")
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(server.digitize(scan, CURVE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.status_code for r in replies] == [200] * 4
    assert sum("loaded" in line["msg"] for line in server.log()) == 1


def test_another_model_by_name(start, mount, checkpoints, scan):
    put(checkpoints / "a.safetensors", mount)
    put(checkpoints / "b.safetensors", mount, "wide-2")
    (mount / "notes.txt").write_text("no model")
    server = start(mount)
    models = server.get("/models").json()
    assert models["default"] == "curvenet" and [m["name"] for m in models["models"]] == ["curvenet", "wide-2"]
    assert not any(m["loaded"] for m in models["models"]) and models["models"][0]["bytes"] > 1000
    reply = server.digitize(scan, CURVE + [("model", "wide-2")]).json()
    assert reply["model"]["name"] == "wide-2"
    listed = {m["name"]: m for m in server.get("/models").json()["models"]}
    assert listed["wide-2"]["loaded"] and listed["wide-2"]["sha256"] == reply["model"]["sha256"]
    assert listed["wide-2"]["classes"] == ["solid", "dashed", "dotted"] and listed["wide-2"]["dim"] == 16
    assert not listed["curvenet"]["loaded"]
    by_query = requests.post(server.url + "/digitize", data=scan, headers={"Content-Type": "image/tiff"},
                             params={"model": "wide-2", "format": "csv"}, timeout=60)
    assert by_query.status_code == 200


def test_default_by_setting(start, mount, checkpoints, scan):
    put(checkpoints / "b.safetensors", mount, "other")
    server = start(mount, MODEL="other")
    assert server.digitize(scan, CURVE).json()["model"]["name"] == "other"


def test_preload_is_ready_only_when_loaded(start, mount, checkpoints, scan):
    server = start(mount, PRELOAD="1")
    assert server.get("/healthz").status_code == 200
    assert server.get("/readyz").status_code == 503
    put(checkpoints / "a.safetensors", mount)
    for _ in range(200):
        if server.get("/readyz").status_code == 200:
            break
        threading.Event().wait(0.05)
    assert server.get("/readyz").json()["model"]["state"] == "loaded"
    assert server.digitize(scan, CURVE).json()["timing"]["cold_start"] is False
