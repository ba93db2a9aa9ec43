"""Large scans: put into the bucket by the client, fetched by the server."""
import io
import os
import re
import shutil
import subprocess
import time
from urllib.parse import urlsplit

import pytest
import requests
from swift_store import ROOT
from harness import problem
from PIL import Image


def upload(server, scan, name="my scan.tif"):
    place = server_upload(server, name)
    put = requests.put(place["url"], scan, headers=place["headers"], timeout=120)
    assert put.status_code == 200, put.text
    return place["key"]


def server_upload(server, name):
    reply = requests.post(server.url + "/uploads", json={"name": name}, timeout=30)
    assert reply.status_code == 200, reply.text
    return reply.json()


def digitize(server, **fields):
    return requests.post(server.url + "/digitize", json=fields, timeout=120)


def test_uploaded_scan_is_digitized(start, settings, bucket, prefix, scan):
    server = start(**settings)
    key = upload(server, scan)
    assert key.startswith("uploads/") and key.endswith(".tif")
    assert bucket.get(f"{prefix}/{key}")["Body"].read() == scan
    by_key = digitize(server, key=key)
    assert by_key.status_code == 200, by_key.text
    assert by_key.json()["timing"]["fetch"] > 0
    table = requests.get(by_key.json()["artifacts"]["csv"], timeout=30).content
    direct = requests.get(server.digitize(scan).json()["artifacts"]["csv"], timeout=30).content
    assert table == direct


@pytest.mark.parametrize("store", ["bucket", "folder"])
def test_three_lines_of_curl(start, request, tmp_path, scan, store):
    """The README's own lines."""
    if not (shutil.which("jq") and shutil.which("curl")):
        pytest.skip("curl or jq is not installed")
    server = start(**(request.getfixturevalue("settings") if store == "bucket" else {}))
    (tmp_path / "log.tif").write_bytes(scan)
    with open(os.path.join(ROOT, "README.md")) as f:
        lines = re.search(r"(    place=.*\n    curl .*\n    curl .*\n)", f.read())[1]
    out = subprocess.run(["bash", "-euc", lines.replace("http://localhost:8080", server.url)], cwd=tmp_path,
                         capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, out.stderr
    assert "ROW,C1\n0,0." in out.stdout


def test_keys_that_are_none(start, settings, bucket, prefix, scan):
    server = start(**settings, UPLOAD_URL_TTL_S=2)
    place = server_upload(server, "late.tif")
    problem(digitize(server, key=place["key"]), 404, "key")
    bucket.put(f"{prefix}/elsewhere/a.tif", scan)
    result = server.digitize(scan).json()["id"]
    for foreign in ("elsewhere/a.tif", f"results/{result}/mask.png", "uploads/../elsewhere/a.tif", "/uploads/a.tif",
                    f"uploads/../results/{result}/mask.png", "uploads//a.tif"):
        problem(digitize(server, key=foreign), 403, "key")
    time.sleep(3)
    assert requests.put(place["url"], scan, headers=place["headers"], timeout=30).status_code == 403
    body = problem(digitize(server, key=place["key"]), 410, "key")
    assert "/uploads" in body["detail"]


def test_address_is_for_one_key_and_one_method(start, settings, scan):
    server = start(**settings)
    place = server_upload(server, "a.tif")
    other = place["url"].replace("/uploads/", "/results/", 1)
    assert requests.put(other, scan, headers=place["headers"], timeout=30).status_code == 403
    assert requests.get(place["url"], timeout=30).status_code == 403


def test_too_large(start, settings, scan):
    server = start(**settings, MAX_SCAN_MB=f"{len(scan) / 1e6 / 2:.6f}")
    problem(digitize(server, key=upload(server, scan)), 413)


def big_scan(rows):
    out = io.BytesIO()
    Image.new("L", (4000, rows), 255).save(out, "TIFF", dpi=(200, 200))
    return out.getvalue()


def peak(server):
    with open(f"/proc/{server.process.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))


def test_scan_is_never_wholly_in_memory(start, settings, scan):
    """120 MB pass through; a region of 64 rows is digitized."""
    big = big_scan(30000)
    server = start(**settings)
    small = digitize(server, key=upload(server, scan))
    assert small.status_code == 200
    before = peak(server)
    reply = digitize(server, key=upload(server, big), layout={"rows": [0, 64], "tracks": [{"x": [0, 319], "curves": []}]})
    assert reply.status_code in (200, 422), reply.text
    assert peak(server) - before < 40e6


def test_full_disk_is_told(start, settings, tmp_path, scan):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        server = start(**settings, TMP_DIR=small)
        key = upload(server, big_scan(1000))
        problem(digitize(server, key=key), 507)
        assert os.listdir(small) == []
        assert digitize(server, key=upload(server, scan)).status_code == 200
        server.stop()
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_browser_may_put(start, settings, scan):
    """The preflight and the answer that a browser wants before it sends a scan to the bucket."""
    server = start(**settings)
    place = server_upload(server, "a.tif")
    asked = requests.options(place["url"], headers={"Origin": server.url, "Access-Control-Request-Method": "PUT",
                                                    "Access-Control-Request-Headers": "content-type"}, timeout=30)
    assert asked.status_code == 200 and "PUT" in asked.headers["Access-Control-Allow-Methods"]
    put = requests.put(place["url"], scan, headers={**place["headers"], "Origin": server.url}, timeout=30)
    assert put.status_code == 200 and put.headers["Access-Control-Allow-Origin"] in ("*", server.url)
    policy = server.get("/index.html").headers.get("Content-Security-Policy", "")
    if server.get("/index.html").status_code == 200:
        assert urlsplit(place["url"]).netloc in policy
