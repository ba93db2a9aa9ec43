"""Slots, queue, deadline, cancellation, shutdown."""
import json
import signal
import threading
import time

import pytest
import requests
from harness import events, problem

CURVE = [("curve", "GR:GAPI:0:150")]
SLOW = CURVE + [("model", "slow")]


def in_background(server, scan, fields, **more):
    """Starts a request; `.response` is there once the thread has ended."""
    thread = threading.Thread(target=lambda: setattr(thread, "response", server.digitize(scan, fields, **more)))
    thread.start()
    return thread


def open_request(server, scan, fields, accept="application/json"):
    """Sends a whole request and returns the socket, unread."""
    request = requests.Request("POST", server.url + "/digitize", files=[(n, (None, v)) for n, v in fields] +
                               [("scan", ("a.tif", scan, "image/tiff"))], headers={"Accept": accept}).prepare()
    head = f"POST /digitize HTTP/1.1\r\nHost: x\r\n" + "".join(f"{k}: {v}\r\n" for k, v in request.headers.items())
    s = server.connect()
    s.sendall(head.encode() + b"\r\n" + request.body)
    return s


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_closing_the_connection_stops_the_work(start, slow_scan, scan, accept):
    server = start(MAX_CONCURRENT="1", MAX_QUEUE="0")
    s = open_request(server, slow_scan, SLOW, accept)
    assert server.wait_for("jobs_running", 1)
    time.sleep(0.5)
    s.close()
    begin = time.monotonic()
    assert server.wait_for("jobs_running", 0)
    assert time.monotonic() - begin < 10
    assert server.visible() == [] and server.staged() == []
    assert server.digitize(scan, CURVE).status_code == 200


def test_closing_the_connection_leaves_the_queue(start, slow_scan):
    server = start(MAX_CONCURRENT="1", MAX_QUEUE="1")
    running = open_request(server, slow_scan, SLOW)
    assert server.wait_for("jobs_running", 1)
    waiting = open_request(server, slow_scan, SLOW)
    assert server.wait_for("jobs_waiting", 1)
    waiting.close()
    assert server.wait_for("jobs_waiting", 0, limit=5)
    assert server.metrics()["curvelogd_jobs_running"] == 1
    running.close()


def test_too_many(start, slow_scan, scan):
    server = start(MAX_CONCURRENT="1", MAX_QUEUE="1")
    held = [open_request(server, slow_scan, SLOW) for _ in range(2)]
    assert server.wait_for("jobs_running", 1) and server.wait_for("jobs_waiting", 1)
    problem(server.digitize(scan, CURVE), 429)
    stream = server.digitize(scan, CURVE, headers={"Accept": "text/event-stream"})
    problem(stream, 429)
    assert server.get("/healthz").status_code == 200
    for s in held:
        s.close()
    assert server.wait_for("jobs_running", 0)
    assert server.digitize(scan, CURVE).status_code == 200


def test_deadline(start, slow_scan):
    server = start(DEADLINE_S="1")
    begin = time.monotonic()
    problem(server.digitize(slow_scan, SLOW), 504)
    assert 0.9 < time.monotonic() - begin < 6
    assert server.wait_for("jobs_running", 0)
    assert server.visible() == [] and server.staged() == []


def test_deadline_of_the_stream(start, slow_scan):
    server = start(DEADLINE_S="1")
    with server.digitize(slow_scan, SLOW, headers={"Accept": "text/event-stream"}, stream=True) as response:
        name, data = list(events(response))[-1]
    assert name == "error" and data["status"] == 504


def test_deadline_of_a_job_that_waits(start, slow_scan, scan):
    server = start(MAX_CONCURRENT="1", DEADLINE_S="3")
    first = in_background(server, slow_scan, SLOW)
    assert server.wait_for("jobs_running", 1)
    context = {"x-amzn-lambda-context": json.dumps({"deadline": int(time.time() * 1000) + 1000})}
    begin = time.monotonic()
    problem(server.digitize(scan, CURVE, headers=context), 504)
    assert time.monotonic() - begin < 2.5
    first.join()
    problem(first.response, 504)


def test_lambda_deadline_is_honoured_when_it_is_earlier(start, slow_scan, scan):
    server = start()
    soon = {"x-amzn-lambda-context": json.dumps({"deadline": int(time.time() * 1000) + 1500, "request_id": "r"})}
    late = server.digitize(slow_scan, SLOW, headers=soon)
    problem(late, 504)
    assert server.logged(late.headers["X-Request-Id"])["ms"] < 1500, "answered before the platform kills"
    for odd in ("{", "[]", '{"deadline":"soon"}', '{"deadline":-5}', '{"deadline":1e300}'):
        assert server.digitize(scan, CURVE, headers={"x-amzn-lambda-context": odd}).status_code == 200


def test_many_at_a_time(start, scan):
    server = start(MAX_CONCURRENT="3", MAX_QUEUE="50")
    threads = [in_background(server, scan, CURVE) for _ in range(24)]
    for thread in threads:
        thread.join()
    assert [t.response.status_code for t in threads] == [200] * 24
    tables = {server.get(t.response.json()["artifacts"]["csv"]).content for t in threads}
    assert len(tables) == 1 and len(server.visible()) == 24


def test_health_answers_while_work_runs(start, slow_scan):
    server = start(MAX_CONCURRENT="1")
    s = open_request(server, slow_scan, SLOW)
    assert server.wait_for("jobs_running", 1)
    for path in ("/healthz", "/readyz", "/models", "/metrics"):
        begin = time.monotonic()
        assert server.get(path).status_code == 200
        assert time.monotonic() - begin < 2
    s.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_shutdown_lets_running_work_end(start, scan, number):
    server = start(MAX_CONCURRENT="1", DRAIN_MS="60000")
    running = in_background(server, scan, SLOW)
    assert server.wait_for("jobs_running", 1) or not running.is_alive()
    server.process.send_signal(number)
    running.join()
    assert running.response.status_code == 200, running.response.text
    assert server.stop() == 0
    assert len(server.visible()) == 1 and server.staged() == []


def test_shutdown_cancels_after_the_grace(start, slow_scan):
    server = start(MAX_CONCURRENT="1", DRAIN_MS="200")
    running = in_background(server, slow_scan, SLOW)
    waiting = in_background(server, slow_scan, SLOW)
    assert server.wait_for("jobs_running", 1) and server.wait_for("jobs_waiting", 1)
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    running.join()
    waiting.join()
    for thread in (running, waiting):
        problem(thread.response, 503)
    assert server.stop() == 0
    assert time.monotonic() - begin < 5
    assert server.visible() == []


def test_shutdown_with_idle_connections_is_quick(start):
    server = start()
    idle = [server.connect() for _ in range(5)]
    session = requests.Session()
    session.get(server.url + "/healthz")
    begin = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begin < 2
    for s in idle:
        s.close()
