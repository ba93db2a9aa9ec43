"""The folder store when it cannot be written, and the temporary folder when it is full."""
import os
import resource
import shutil

import pytest
from harness import problem

CURVE = [("curve", "GR:GAPI:0:150")]


def test_staging_cannot_be_made(start, scan):
    server = start()
    shutil.rmtree(os.path.join(server.store, ".staging"))
    open(os.path.join(server.store, ".staging"), "w").close()
    problem(server.digitize(scan, CURVE), 502)
    ready = server.get("/readyz")
    assert ready.status_code == 503 and ready.json()["store"]["detail"]
    assert server.get("/healthz").status_code == 200
    assert server.visible() == []
    os.remove(os.path.join(server.store, ".staging"))
    assert server.digitize(scan, CURVE).status_code == 200


def test_results_cannot_be_made(start, scan):
    server = start()
    open(os.path.join(server.store, "results"), "w").close()
    problem(server.digitize(scan, CURVE), 502)
    assert server.staged() == []
    os.remove(os.path.join(server.store, "results"))
    assert server.digitize(scan, CURVE).status_code == 200


def test_store_under_a_file(start, tmp_path, scan):
    (tmp_path / "file").write_text("x")
    server = start(STORE=f"dir:{tmp_path}/file/store")
    assert server.get("/readyz").status_code == 503
    problem(server.digitize(scan, CURVE), 502)


def test_files_that_cannot_grow(start, slow_scan, scan):
    """RLIMIT_FSIZE stands for a full disk: the body, then the result, cannot be written."""
    server = start()
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    problem(server.digitize(slow_scan, CURVE), 507)
    fields = CURVE + [("depth_top", "1000"), ("depth_bottom", "1320"), ("depth_unit", "ft"), ("step", "0.1")]
    response = server.digitize(scan, fields)
    problem(response, 507)
    assert server.visible() == [] and server.staged() == []
    assert server.get("/healthz").status_code == 200


def test_missing_tmp_dir(start, scan):
    server = start(TMP_DIR="/nonexistent")
    problem(server.digitize(scan, CURVE), 500)


def test_retried_id_is_never_half(start, scan):
    """Readers of a result that is being replaced over and over always see whole files."""
    import threading
    server = start(MAX_CONCURRENT="4")
    headers = {"Idempotency-Key": "one-and-the-same"}
    first = server.digitize(scan, CURVE, headers=headers).json()
    want = server.get(first["artifacts"]["csv"]).content
    failed, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            got = server.get(first["artifacts"]["csv"])
            if got.status_code != 200 or got.content != want:
                failed.append((got.status_code, len(got.content)))

    def write():
        for _ in range(8):
            got = server.digitize(scan, CURVE, headers=headers)
            if got.status_code != 200:
                failed.append(got.text)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert failed == []
    assert server.visible() == [first["id"]] and server.staged() == []


def test_existing_result_survives_a_failed_retry(start, scan, slow_scan):
    server = start(DEADLINE_S="2")
    headers = {"Idempotency-Key": "one-and-the-same"}
    first = server.digitize(scan, CURVE, headers=headers).json()
    before = server.get(first["artifacts"]["csv"]).content
    problem(server.digitize(slow_scan, CURVE + [("model", "slow")], headers=headers), 504)
    assert server.get(first["artifacts"]["csv"]).content == before


def test_disk_full(start, scan, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=64k tmpfs {disk} 2>/dev/null"):
        pytest.skip("a small file system cannot be mounted here")
    try:
        server = start(STORE=f"dir:{disk}/store")
        (disk / "fill").write_bytes(b"x" * 4096 * 14)
        response = server.digitize(scan, CURVE)
        problem(response, 507)
        assert not os.path.isdir(disk / "store" / "results") or os.listdir(disk / "store" / "results") == []
        os.remove(disk / "fill")
        assert server.digitize(scan, CURVE).status_code == 200
        server.stop()
    finally:
        os.system(f"umount -l {disk}")
