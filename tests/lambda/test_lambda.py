"""The server as a function of AWS Lambda, behind the Web Adapter."""
import json
import signal
import time

import pytest
from runtime import PayloadTooLarge, http_event

DEPTHS = "depth_top=100&depth_bottom=200&depth_unit=ft&curve=GR:API:0:150"


def digitize(scan, query=DEPTHS, **headers):
    return http_event("POST", "/digitize", scan, query, content_type="image/tiff", **headers)


def test_cold_then_warm(function, scan):
    f = function()
    status, headers, body = f.invoke(digitize(scan)).response()
    took = time.monotonic() - f.started
    assert status == 200, body
    assert headers["content-type"] == "application/json"
    reply = json.loads(body)
    assert reply["timing"]["cold_start"] is True and reply["timing"]["weights"] > 0 and reply["timing"]["process"] > 0
    assert reply["cost"]["memory_mb"] == 1769
    assert took < 10, "INIT and the first request"
    for _ in range(3):
        status, _, body = f.invoke(digitize(scan)).response()
        assert status == 200 and json.loads(body)["timing"]["cold_start"] is False
        assert json.loads(body)["timing"]["weights"] == 0


def test_ready_before_the_weights_are_read(function, scan):
    f = function()
    status, _, body = f.invoke(http_event("GET", "/readyz")).response()
    assert status == 200 and json.loads(body)["model"]["state"] == "not loaded yet"


def test_files_come_whole(function, scan):
    f = function()
    status, headers, body = f.invoke(digitize(scan, DEPTHS + "&format=png")).response()
    assert status == 200 and headers["content-type"] == "image/png" and body.startswith(b"\x89PNG\r\n\x1a\n")
    assert body.endswith(b"IEND\xaeB`\x82")
    status, headers, body = f.invoke(digitize(scan, DEPTHS + "&format=las")).response()
    assert status == 200 and b"~A" in body


def grown(scan, size):
    """The scan with bytes after its end, which no reader looks at."""
    return scan + bytes(size - len(scan))


def test_size_of_a_request(function, scan):
    f = function()
    status, _, body = f.invoke(digitize(grown(scan, 4_400_000))).response()
    assert status == 200, body
    status, _, body = f.invoke(digitize(grown(scan, 4_400_001))).response()
    assert status == 413 and "/uploads" in json.loads(body)["detail"]
    with pytest.raises(PayloadTooLarge):      # that the platform refuses by itself
        f.invoke(digitize(grown(scan, 4_800_000)))
    assert f.invoke(digitize(scan)).response()[0] == 200


def test_freeze_and_thaw(function, scan):
    f = function()
    assert f.invoke(digitize(scan)).response()[0] == 200
    for seconds in (1, 10):
        f.signal(signal.SIGSTOP)
        time.sleep(seconds)
        f.signal(signal.SIGCONT)
        for _ in range(2):
            assert f.invoke(digitize(scan)).response()[0] == 200


def test_deadline_of_the_platform(function, slow_scan, scan):
    f = function()
    begin = time.time()
    invocation = f.invoke(digitize(slow_scan, "model=slow"), limit_s=3)
    status, _, body = invocation.response()
    assert status == 504, body
    assert json.loads(body)["status"] == 504
    assert time.time() - begin < 3
    assert f.server.visible() == []
    assert f.server.wait_for("jobs_running", 0)
    assert f.server.staged() == []
    assert f.invoke(digitize(scan)).response()[0] == 200


def test_streamed_progress(function, slow_scan):
    f = function(AWS_LWA_INVOKE_MODE="response_stream", DEADLINE_S="110")
    invocation = f.invoke(digitize(slow_scan, "model=slow&track=0,0,320,3000", accept="text/event-stream"), limit_s=120)
    status, headers, body = invocation.response()
    assert status == 200 and headers["content-type"].startswith("text/event-stream")
    names = [line[7:] for line in body.decode().splitlines() if line.startswith("event: ")]
    assert names.count("result") == 1 and names[-1] == "result" and names.count("progress") >= 2, names
    first = next(when for when, piece in invocation.pieces if b"event: progress" in piece)
    last = invocation.pieces[-1][0]
    assert last - first > 0.2, "the events come as they happen"


def test_events_of_a_queue(function, settings, bucket, prefix, scan):
    f = function(**settings, AWS_LWA_ERROR_STATUS_CODES="400-599")
    bucket.put(f"{prefix}/uploads/a.tif", scan)
    bucket.put(f"{prefix}/uploads/poison.tif", b"no TIFF")

    def record(n, key):
        text = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": {
            "bucket": {"name": "wells"}, "object": {"key": f"{prefix}/uploads/{key}"}}}]})
        return {"messageId": f"m{n}", "eventSource": "aws:sqs", "body": text}

    batch = {"Records": [record(1, "a.tif"), record(2, "poison.tif")]}
    assert f.invoke(batch).json() == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert [k for k in bucket.keys(prefix) if k.endswith("result.json")]
    # What is no batch must not be taken for one that went well.
    assert f.invoke({"some": "other event"}).error
    # Through the function's URL nobody may notify.
    event = http_event("POST", "/events", json.dumps(batch).encode(), content_type="application/json")
    assert f.invoke(event).error


@pytest.mark.parametrize("busy", [False, True])
def test_platform_s_shutdown(function, slow_scan, busy):
    """SIGTERM: gone within the 300 ms that the platform gives; the best of three, on a machine that does more."""
    took = []
    for _ in range(3):
        f = function()
        if busy:
            f.start(digitize(slow_scan, "model=slow"))
            assert f.server.wait_for("jobs_running", 1)
        begin = time.monotonic()
        f.server.process.send_signal(signal.SIGTERM)
        assert f.server.process.wait(5) == 0
        took.append(time.monotonic() - begin)
        assert f.server.visible() == []
        if took[-1] < 0.3:
            return
    raise AssertionError(took)
