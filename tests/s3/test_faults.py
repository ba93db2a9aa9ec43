"""A store that fails: retried while that may help, told where it does not, and nothing announced that is not
stored."""
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from swift_store import KEY, ROOT, SECRET, free_port
from harness import problem
from proxy import Proxy, error

PASSING = [("answer", error(503, "SlowDown")), ("cut",), ("answer", error(500, "InternalError")), ("cut reply", 20),
           ("delay", 0.5), ("answer", error(400, "RequestTimeout"))]


def test_passing_faults_are_survived(start, settings, proxy, bucket, prefix, scan):
    settings["S3_ENDPOINT"] = proxy.endpoint
    server = start(**settings)
    proxy.faults = list(PASSING)
    reply = server.digitize(scan)
    assert reply.status_code == 200, reply.text
    assert not proxy.faults
    stored = bucket.keys(f"{prefix}/results/{reply.json()['id']}/")
    assert len(stored) == len(reply.json()["artifacts"])
    assert proxy.requests[-1].split("?")[0].endswith("result.json HTTP/1.1")


@pytest.mark.parametrize("fault,text", [
    (("answer", error(503, "SlowDown")), "overloaded"), (("cut",), "does not answer"),
    (("answer", error(403, "InvalidAccessKeyId")), "access key"), (("answer", error(403, "AccessDenied")), "refuses"),
    (("answer", error(404, "NoSuchBucket")), "no bucket"),
    (("answer", error(403, "RequestTimeTooSkewed")), "clock is wrong"),
    (("answer", error(400, "ExpiredToken")), "expired")])
def test_lasting_faults_are_told(start, settings, proxy, bucket, prefix, scan, fault, text):
    settings["S3_ENDPOINT"] = proxy.endpoint
    server = start(**settings)
    proxy.faults, proxy.always = [None, None], fault    # fails in the middle of publishing
    body = problem(server.digitize(scan), 502)
    assert text in body["detail"], body
    assert not [key for key in bucket.keys(prefix) if key.endswith("result.json")]
    proxy.always = None
    assert server.digitize(scan).status_code == 200


def test_deadline_is_kept_while_the_store_stalls(start, settings, proxy, bucket, prefix, scan):
    settings["S3_ENDPOINT"] = proxy.endpoint
    server = start(**settings, DEADLINE_S="2")
    proxy.always = ("delay", 30)
    begin = time.monotonic()
    problem(server.digitize(scan), 504)
    assert time.monotonic() - begin < 3.5
    assert not [key for key in bucket.keys(prefix) if key.endswith("result.json")]


def test_store_that_comes_late(start, settings, swift, scan):
    """Down at start: the server lives, says so, works once the store is there, and lives on when it goes."""
    port = free_port()
    settings["S3_ENDPOINT"] = f"http://127.0.0.1:{port}"
    server = start(**settings)
    assert server.get("/healthz").status_code == 200
    ready = server.get("/readyz")
    assert ready.status_code == 503 and "does not answer" in ready.json()["store"]["detail"]
    late = Proxy(swift.port, port)
    try:
        until = time.monotonic() + 30
        while server.get("/readyz").status_code != 200 and time.monotonic() < until:
            time.sleep(0.5)
        assert server.get("/readyz").status_code == 200
        assert server.digitize(scan).status_code == 200
    finally:
        late.stop()
    body = problem(server.digitize(scan), 502)
    assert "does not answer" in body["detail"]


def test_wrong_clock_is_told(start, settings, scan):
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    if not os.path.exists(library):
        pytest.skip("libfaketime is not installed")
    server = start(**settings, LD_PRELOAD=library, FAKETIME="-2h", FAKETIME_DONT_FAKE_MONOTONIC="1")
    body = problem(server.digitize(scan), 502)
    assert "clock" in body["detail"] and "behind" in body["detail"], body


def test_credentials_that_expire_are_renewed_in_time(start, settings, scan):
    """Credentials of 4 s each from a container endpoint: no request in 10 s fails."""
    port = free_port()
    endpoint = subprocess.Popen([sys.executable, os.path.join(ROOT, "deploy", "store", "credentials.py"), "--port",
                                 str(port), "--key", KEY, "--secret", SECRET, "--life", "4"], stderr=subprocess.DEVNULL)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        settings[name] = ""
    settings["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"http://127.0.0.1:{port}/role"
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        server = start(**settings)
        failures, until = [], time.monotonic() + 10

        def ask():
            while time.monotonic() < until:
                reply = server.digitize(scan)
                if reply.status_code != 200:
                    failures.append(reply.text)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
    finally:
        endpoint.terminate()
        endpoint.wait()
