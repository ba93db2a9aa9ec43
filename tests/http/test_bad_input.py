"""What a client can send that is wrong: each a 4xx problem that names the field, and nothing is left behind."""
import os
import socket
import struct
import zlib

import pytest
import requests
from harness import problem, raw

CURVE = [("curve", "GR:GAPI:0:150")]


def post(server, data, kind="image/tiff", **more):
    return requests.post(server.url + "/digitize", data=data, headers={"Content-Type": kind}, timeout=60, **more)


@pytest.fixture(autouse=True)
def nothing_is_left(server):
    before = server.visible()
    yield
    assert server.visible() == before
    assert server.staged() == [] and os.listdir(server.tmp) == []


@pytest.mark.parametrize("kind", ["text/plain", "image/png", "application/x-www-form-urlencoded", "", "multipart/mixed"])
def test_wrong_content_type(server, scan, kind):
    body = problem(post(server, scan, kind), 415)
    assert "image/tiff" in body["detail"]


def test_not_a_tiff(server):
    for data in (b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"%PDF-1.4", b"II*\0", b"MM\0*\0\0\0\x08"):
        response = post(server, data)
        assert response.status_code in (400, 415), response.text
        problem(response, response.status_code)


def test_truncated_at_many_bytes(server, scan):
    for cut in list(range(1, 40)) + list(range(40, len(scan), 97)):
        response = post(server, scan[:cut], params=CURVE)
        assert response.status_code in (400, 415, 422), (cut, response.text)
        problem(response, response.status_code)


def bomb(width, height):
    """A TIFF of a few bytes that claims a huge raster: deflate, one strip."""
    data = zlib.compress(b"\0" * 1000)
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 1), (259, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8),
               (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, len(data))]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + struct.pack("<I", 0)
    return struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + ifd


def test_bomb_is_refused_by_its_pixels(server):
    problem(post(server, bomb(100000, 100000)), 413)


@pytest.mark.parametrize("width,height", [(0, 100), (100, 0), (2**31, 2**31)])
def test_absurd_dimensions(server, width, height):
    response = post(server, bomb(width, height))
    assert response.status_code in (413, 415, 422), response.text


@pytest.mark.parametrize("field,value,status", [
    ("depth_top", "deep", 400), ("depth_bottom", "nan", 400), ("curve", "GR:GAPI:low:150", 400), ("curve", "GR:GAPI:0:0", 422),
    ("track", "1,2,3", 400), ("track", "0,0,100000,100000", 422), ("depth_line", "1:2:3", 400), ("edge", "7", 400),
    ("step", "-1", 422), ("format", "pdf", 422), ("model", "../etc/passwd", 422), ("model", "no-such-model", 422),
    ("layout", "{", 400), ("depth_unit", "fathom", 422),
])
def test_wrong_values_name_their_field(server, scan, field, value, status):
    problem(server.digitize(scan, [(field, value)]), status, field)


def test_unknown_and_doubled_fields(server, scan):
    problem(server.digitize(scan, [("colour", "red")]), 400, "colour")
    problem(server.digitize(scan, [("step", "1"), ("step", "2")]), 400, "step")


def test_no_scan_two_scans_empty_scan(server, scan):
    form = requests.post(server.url + "/digitize", files=[("curve", (None, "GR:GAPI:0:150"))], timeout=30)
    problem(form, 400, "scan")
    part = ("scan", ("a.tif", scan, "image/tiff"))
    problem(requests.post(server.url + "/digitize", files=[part, part], timeout=30), 400, "scan")
    problem(requests.post(server.url + "/digitize", files=[("scan", ("a.tif", b"", "image/tiff"))], timeout=30), 400, "scan")
    problem(post(server, b""), 400, "scan")


def multipart(scan, end=b"\r\n--BOUND--\r\n"):
    return (b'--BOUND\r\nContent-Disposition: form-data; name="curve"\r\n\r\nGR:GAPI:0:150\r\n'
            b'--BOUND\r\nContent-Disposition: form-data; name="scan"; filename="a.tif"\r\n'
            b"Content-Type: image/tiff\r\n\r\n" + scan + end)


def test_multipart_that_breaks_off(server, scan):
    kind = "multipart/form-data; boundary=BOUND"
    for body in (multipart(scan, b""), multipart(scan, b"\r\n--BOU"), multipart(scan)[:100], b"no boundary at all", b""):
        response = post(server, body, kind)
        problem(response, 400)
    problem(post(server, multipart(scan), "multipart/form-data"), 400)


def test_multipart_with_a_zero_byte_in_a_field(server, scan):
    body = multipart(scan).replace(b"GAPI", b"GA\0I")
    problem(post(server, body, "multipart/form-data; boundary=BOUND"), 400, "curve")


def test_fields_over_their_limits(server, scan):
    problem(server.digitize(scan, [("well", "x" * (5 << 20))]), 413)
    problem(server.digitize(scan, [("depth_line", "1:2")] * 12001), 413)
    problem(server.digitize(scan, [("well", "x" * 4000)]), 422, "well")


def test_body_shorter_than_its_length(server, scan):
    head = (f"POST /digitize HTTP/1.1\r\nHost: x\r\nContent-Type: image/tiff\r\nContent-Length: {len(scan) + 10}"
            "\r\n\r\n").encode()
    assert raw(server, head + scan, then_close=True) == b""
    assert server.get("/healthz").status_code == 200


def test_malformed_http(server):
    for text in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0", b"POST /digitize HTTP/1.1\r\n"
                 b"Host: x\r\nContent-Length: nonsense\r\n\r\n", b"GET /" + b"a" * 2000000 + b" HTTP/1.1\r\n\r\n"):
        with server.connect() as s:
            s.settimeout(10)
            try:
                s.sendall(text)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            except (ConnectionError, BrokenPipeError):
                pass
    assert server.get("/healthz").status_code == 200


def test_wrong_methods_and_paths(server):
    response = requests.put(server.url + "/digitize", data=b"x", timeout=30)
    problem(response, 405)
    assert response.headers["Allow"] == "POST"
    response = requests.delete(server.url + "/healthz", timeout=30)
    problem(response, 405)
    assert response.headers["Allow"] == "GET, HEAD"
    problem(server.get("/digitize"), 405)
    problem(server.get("/nothing/here"), 404)


def test_memory_and_descriptors_return(start, scan):
    server = start()

    def round_of_abuse():
        for data in (scan, b"junk", scan[:300], bomb(100000, 100000)):
            post(server, data, params=CURVE)
        post(server, multipart(scan, b""), "multipart/form-data; boundary=BOUND")

    for _ in range(5):
        round_of_abuse()
    memory, descriptors = server.memory(), server.descriptors()
    for _ in range(40):
        round_of_abuse()
    assert server.descriptors() <= descriptors + 2
    assert server.memory() < memory + (16 << 20)
