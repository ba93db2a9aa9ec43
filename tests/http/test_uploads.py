"""POST /uploads, PUT to the address it gives, and POST /digitize with the key: the folder store."""
import os
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from harness import problem

FIELDS = {"curve": ["GR:GAPI:0:150"], "depth_top": 1000, "depth_bottom": 1032, "depth_unit": "ft"}


def ask(server, **more):
    response = requests.post(server.url + "/uploads", timeout=30, **more)
    assert response.status_code == 200, response.text
    return response.json()


def put(server, place, data, **more):
    return requests.put(server.url + place["url"], data=data, headers=place["headers"], timeout=60, **more)


def digitize(server, key, **more):
    return requests.post(server.url + "/digitize", json={"key": key, **FIELDS, **more}, timeout=60)


def test_the_whole_way(server, scan):
    place = ask(server, json={"name": "Smith No. 1/../main pass.TIFF"})
    assert place["method"] == "PUT" and place["expires"] > time.time()
    assert place["key"].startswith("uploads/") and place["key"].endswith(".tif") and ".." not in place["key"]
    stored = put(server, place, scan)
    assert stored.status_code == 200 and stored.json() == {"key": place["key"], "bytes": len(scan)}
    reply = digitize(server, place["key"])
    assert reply.status_code == 200, reply.text
    assert reply.json()["image"]["name"] == place["key"].rsplit("/", 1)[1]
    assert reply.json()["curves"][0]["mnemonic"] == "GR" and reply.json()["timing"]["fetch"] >= 0
    form = requests.post(server.url + "/digitize", files=[("key", (None, place["key"])), ("curve", (None, "GR:GAPI:0:150"))],
                         timeout=60)
    assert form.status_code == 200, form.text
    assert os.listdir(server.tmp) == []


def test_streamed_without_a_length_and_replaced(server, scan):
    place = ask(server)
    assert put(server, place, iter([b"junk", b"junk"])).status_code == 200
    problem(digitize(server, place["key"]), 415)
    assert put(server, place, iter([scan[:100], scan[100:]])).status_code == 200
    assert digitize(server, place["key"]).status_code == 200


def test_missing_and_foreign_keys(server, scan):
    place = ask(server)
    problem(digitize(server, place["key"]), 404, "key")
    for key in ("uploads/../.secret", "../../etc/passwd", "results/x/curves.csv", "/etc/passwd", ".secret",
                "uploads/" + "0" * 32 + "/../../.secret", "uploads/" + "0" * 32 + "/.hidden", "uploads/x/y.tif"):
        response = digitize(server, key)
        assert response.status_code in (400, 403, 404, 422), (key, response.text)
        problem(response, response.status_code, "key")
    problem(digitize(server, "uploads/" + "0" * 32 + "/well.tif"), 404, "key")


def test_a_scan_and_a_key(server, scan):
    response = server.digitize(scan, [("key", ask(server)["key"])])
    problem(response, 400, "key")


def test_addresses_cannot_be_forged(server, scan):
    place = ask(server)
    parts = urlsplit(place["url"])
    query = {k: v[0] for k, v in parse_qs(parts.query).items()}
    base = server.url + parts.path

    def attempt(path=base, **changed):
        return requests.put(path, params={k: v for k, v in {**query, **changed}.items() if v is not None}, data=scan, timeout=30)

    problem(attempt(sig="0" * 64), 403)
    problem(attempt(sig=None), 403)
    problem(attempt(expires=None), 403)
    problem(attempt(expires=str(int(query["expires"]) + 1)), 403)
    problem(attempt(expires="soon"), 403)
    problem(attempt(base.replace(".tif", "2.tif")), 403)
    problem(attempt(server.url + "/uploads/x"), 404)
    problem(attempt(server.url + "/uploads/" + "0" * 32 + "/%2e%2e%2f%2e%2e%2fx.tif"), 404)
    problem(digitize(server, place["key"]), 404, "key")
    assert attempt().status_code == 200


def test_expired_address(start, scan):
    server = start(UPLOAD_URL_TTL_S="1")
    place = ask(server)
    time.sleep(2.1)
    problem(put(server, place, scan), 410)


def test_address_outlives_a_restart(start, binary, weights, scan):
    first = start()
    place = ask(first)
    first.stop()
    second = start(STORE="dir:" + first.store)
    assert put(second, place, scan).status_code == 200
    assert oct(os.stat(os.path.join(first.store, ".secret")).st_mode)[-3:] == "600"


def test_limits(start, scan):
    server = start(MAX_SCAN_MB="0.002", MAX_UPLOAD_MB="0.001")
    place = ask(server)
    problem(put(server, place, b"x" * 2001), 413)
    problem(put(server, place, iter([b"x" * 1500, b"x" * 1500])), 413)
    problem(put(server, place, b""), 400)
    assert put(server, place, b"x" * 2000).status_code == 200
    assert server.staged() == []
    body = problem(server.digitize(b"x" * 1100), 413)
    assert "0.001 MB" in body["detail"] and "/uploads" in body["detail"]


def comes_true(condition):
    for _ in range(100):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_upload_that_breaks_off_leaves_nothing(server, scan):
    place = ask(server)
    with server.connect() as s:
        s.sendall(f"PUT {place['url']} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".encode() + b"x" * 5000)
        assert comes_true(lambda: len(server.staged()) == 1)   # else there would be nothing to leave
    assert comes_true(lambda: server.staged() == [])
    problem(digitize(server, place["key"]), 404, "key")


def test_public_url_is_put_before(start):
    server = start(PUBLIC_URL="https://logs.example.com/")
    assert ask(server)["url"].startswith("https://logs.example.com/uploads/")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"name":7}', b'"x"'])
def test_wrong_bodies(server, body):
    problem(requests.post(server.url + "/uploads", data=body, timeout=30), 400, "name")
