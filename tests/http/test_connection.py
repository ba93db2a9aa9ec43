"""Connections: kept alive, slow, chunked, refused early, many."""
import http.client
import socket
import time

import requests
from harness import problem, raw

CURVE = [("curve", "GR:GAPI:0:150")]


def test_keep_alive_outlasts_the_gateways(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for pause in (0, 0, 6):
        time.sleep(pause)
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        assert response.status == 200 and response.read()
        socket_used = connection.sock
    assert socket_used is connection.sock and socket_used is not None
    connection.close()


def test_one_connection_for_many_kinds(server, scan):
    with requests.Session() as session:
        for _ in range(3):
            assert session.post(server.url + "/digitize", data=scan, headers={"Content-Type": "image/tiff"},
                                timeout=60).status_code == 200
            problem(session.get(server.url + "/nothing", timeout=30), 404)
            problem(session.post(server.url + "/digitize", data=b"junk", headers={"Content-Type": "image/tiff"},
                                 timeout=30), 415)


def test_chunked_body(server, scan):
    pieces = (scan[i:i + 50] for i in range(0, len(scan), 50))
    response = requests.post(server.url + "/digitize", data=pieces, headers={"Content-Type": "image/tiff"}, timeout=60)
    assert response.status_code == 200, response.text


def test_slow_client(server, scan):
    """A body that drips in, while others are served."""
    with server.connect() as s:
        s.sendall(f"POST /digitize HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: image/tiff\r\n"
                  f"Content-Length: {len(scan)}\r\n\r\n".encode())
        step = len(scan) // 8 + 1
        for i in range(0, len(scan), step):
            s.sendall(scan[i:i + step])
            time.sleep(0.1)
            assert server.get("/healthz").status_code == 200
        answer = b""
        while got := s.recv(65536):
            answer += got
    assert answer.startswith(b"HTTP/1.1 200")


def test_idle_connection_is_closed(start):
    server = start(IDLE_TIMEOUT_S="5")
    with server.connect() as s:
        s.settimeout(20)
        begin = time.monotonic()
        assert s.recv(100) == b""
        assert 3 < time.monotonic() - begin < 15


def test_too_large_is_told_before_the_body_is_read(start):
    server = start(MAX_UPLOAD_MB="1")
    # A client that writes all before it reads still gets the answer.
    begin = time.monotonic()
    body = problem(requests.post(server.url + "/digitize", data=b"x" * 30_000_000, headers={"Content-Type": "image/tiff"},
                                 timeout=60), 413)
    assert "1 MB" in body["detail"]
    # One that only announces the body is answered at once, and not listened to for ever.
    head = b"POST /digitize HTTP/1.1\r\nHost: x\r\nContent-Type: image/tiff\r\nContent-Length: 99999999999\r\n\r\n"
    answer = raw(server, head)
    assert answer.startswith(b"HTTP/1.1 413") and b"Connection: close" in answer
    expecting = raw(server, head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert expecting.startswith(b"HTTP/1.1 413")
    assert time.monotonic() - begin < 20


def test_too_large_without_a_length(start):
    server = start(MAX_UPLOAD_MB="1")
    problem(requests.post(server.url + "/digitize", data=iter([b"x" * 100_000] * 20), headers={"Content-Type": "image/tiff"},
                          timeout=60), 413)
    sent = 0
    with server.connect() as s:
        s.sendall(b"POST /digitize HTTP/1.1\r\nHost: x\r\nContent-Type: image/tiff\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        try:
            for _ in range(300):
                s.sendall(chunk)
                sent += 1
        except (ConnectionError, BrokenPipeError):
            pass
    assert sent < 200, "an endless body is cut off"


def test_expect_continue(server, scan):
    with server.connect() as s:
        s.sendall(f"POST /digitize HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: image/tiff\r\n"
                  f"Expect: 100-continue\r\nContent-Length: {len(scan)}\r\n\r\n".encode())
        assert s.recv(100).startswith(b"HTTP/1.1 100")
        s.sendall(scan)
        answer = b""
        while got := s.recv(65536):
            answer += got
    assert answer.startswith(b"HTTP/1.1 200")


def test_connections_over_the_limit_are_closed(start):
    server = start(MAX_CONNECTIONS="8")
    held = [server.connect() for _ in range(8)]
    time.sleep(0.2)
    with server.connect() as s:
        s.settimeout(10)
        assert s.recv(10) == b""
    for s in held:
        s.close()
    time.sleep(0.2)
    assert server.get("/healthz").status_code == 200


def test_clients_that_reset(server):
    for _ in range(50):
        s = server.connect()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        s.close()
    assert server.get("/healthz").status_code == 200
