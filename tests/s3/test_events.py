"""S3's notifications as they come through SQS and the Web Adapter."""
import io
import json
from urllib.parse import quote_plus

import pytest
import requests
from harness import problem
from PIL import Image


def message(number, *keys, bucket="wells", name="ObjectCreated:Put", body=None):
    """One SQS record with S3's JSON as its text."""
    records = [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name,
                "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/"), "size": 1}}}
               for key in keys]
    return {"messageId": f"message-{number}", "receiptHandle": "r", "eventSource": "aws:sqs",
            "body": json.dumps({"Records": records}) if body is None else body}


def post(server, *messages, **more):
    return requests.post(server.url + "/events", json={"Records": list(messages)}, timeout=120, **more)


def failed(reply):
    assert reply.status_code == 200, reply.text
    assert reply.headers["Content-Type"] == "application/json"
    assert set(reply.json()) == {"batchItemFailures"}
    return [item["itemIdentifier"] for item in reply.json()["batchItemFailures"]]


def outcomes(server):
    return [line for line in server.log() if line["msg"] == "event"]


def results(bucket, prefix):
    start = prefix + "/results/"
    return sorted({key.removeprefix(start).split("/")[0] for key in bucket.keys(start)})


def other_scan(scan, shade):
    picture = Image.open(io.BytesIO(scan)).convert("L")
    picture.putpixel((0, 0), shade)
    out = io.BytesIO()
    picture.save(out, "TIFF", dpi=(200, 200), compression="tiff_lzw")
    return out.getvalue()


def test_batch_with_good_and_bad_messages(start, settings, bucket, prefix, scan):
    server = start(**settings)
    bucket.put(f"{prefix}/uploads/kgs 1+2.tif", scan)
    bucket.put(f"{prefix}/uploads/kgs 1+2.json", json.dumps({
        "depth_top": 100, "depth_bottom": 200, "depth_unit": "ft", "curve": ["GR:API:0:150"], "well": "KGS 1"}).encode())
    bucket.put(f"{prefix}/uploads/plain.tif", other_scan(scan, 7))
    bucket.put(f"{prefix}/uploads/poison.tif", b"no TIFF at all")
    bucket.put(f"{prefix}/uploads/wrong.tif", other_scan(scan, 9))
    bucket.put(f"{prefix}/uploads/wrong.json", b'{"depth_top": "deep"}')
    reply = post(
        server, message(1, f"{prefix}/uploads/kgs 1+2.tif"), message(2, f"{prefix}/uploads/poison.tif"),
        message(3, f"{prefix}/uploads/plain.tif"), message(4, f"{prefix}/uploads/wrong.tif"),
        message(5, f"{prefix}/uploads/missing.tif"), message(6, f"{prefix}/uploads/a.tif", bucket="another"),
        message(7, f"{prefix}/uploads/../secret.tif"), message(8, body="not JSON"),
        message(9, body='{"Service":"Amazon S3","Event":"s3:TestEvent"}'), message(10, f"{prefix}/uploads/plain.json"),
        message(11, f"{prefix}/uploads/plain.tif", name="ObjectRemoved:Delete"))
    assert failed(reply) == [f"message-{n}" for n in (2, 4, 5, 6, 7, 8)]
    names = results(bucket, prefix)
    assert [name[:5] for name in names] == ["kgs-1", "plain"]
    las = bucket.get(f"{prefix}/results/{names[0]}/curves.las")["Body"].read().decode()
    assert "KGS 1" in las and "GR" in las
    result = json.loads(bucket.get(f"{prefix}/results/{names[0]}/result.json")["Body"].read())
    assert result["id"] == names[0] and result["depth"]["start"] == 100
    whys = {line["message"]: line["failed"] for line in outcomes(server) if "failed" in line}
    assert list(whys) == failed(reply) and all(whys.values())
    assert whys["message-4"] == 'In uploads/wrong.json: depth_top "deep" is not a number.'


@pytest.mark.parametrize("sidecar,why", [
    ("", "not a JSON object"), ("[]", "not a JSON object"), ('{"depht_top": 1}', 'no field "depht_top"'),
    ('{"curve": ["GR:API:0"]}', "curve"), ('{"format": "las"}', "needs depths"), ('{"key": "uploads/a.tif"}', "key")])
def test_sidecars_that_are_wrong(start, settings, bucket, prefix, scan, sidecar, why):
    server = start(**settings)
    bucket.put(f"{prefix}/uploads/a.tif", scan)
    bucket.put(f"{prefix}/uploads/a.json", sidecar.encode())
    assert failed(post(server, message(1, f"{prefix}/uploads/a.tif"))) == ["message-1"]
    told = outcomes(server)[-1]["failed"]
    assert told.startswith("In uploads/a.json: ") and why in told
    assert results(bucket, prefix) == []


def test_repeated_deliveries_do_no_work_twice(start, settings, bucket, prefix, scan, checkpoints, tmp_path):
    mount = tmp_path / "weights"
    mount.mkdir()
    (mount / "curvenet.safetensors").write_bytes((checkpoints / "a.safetensors").read_bytes())
    server = start(weights_dir=mount, **settings)
    key = f"{prefix}/uploads/one.tif"
    bucket.put(key, scan)

    def deliver(scans, there):
        assert failed(post(server, message(1, key))) == []
        assert server.metrics()["curvelogd_scans_total"] == scans
        assert outcomes(server)[-1]["there_already"] is there

    deliver(1, False)
    deliver(1, True)
    assert failed(post(server, message(1, key), message(2, key))) == []
    assert len(results(bucket, prefix)) == 1
    bucket.put(key.replace(".tif", ".json"), b'{"well": "ONE"}')       # other settings
    deliver(2, False)
    deliver(2, True)
    bucket.put(key, other_scan(scan, 3))                               # another scan under the name
    deliver(3, False)
    (mount / "new").write_bytes((checkpoints / "b.safetensors").read_bytes())
    (mount / "new").rename(mount / "curvenet.safetensors")             # another checkpoint
    deliver(4, False)
    deliver(4, True)
    assert len(results(bucket, prefix)) == 4


def test_unfinished_result_is_made_again(start, settings, bucket, prefix, scan, proxy):
    """The store fails before the announcement: the message fails, and its next delivery does the work."""
    settings["S3_ENDPOINT"] = proxy.endpoint
    server = start(**settings, DEADLINE_S="3")
    bucket.put(f"{prefix}/uploads/one.tif", scan)
    proxy.faults = [None] * 4                     # sidecar, scan, look for the result, one file
    proxy.always = ("cut",)
    assert failed(post(server, message(1, f"{prefix}/uploads/one.tif"))) == ["message-1"]
    proxy.always = None
    assert failed(post(server, message(1, f"{prefix}/uploads/one.tif"))) == []
    assert [key for key in bucket.keys(prefix) if key.endswith("result.json")]


def test_bodies_that_are_no_batch(start, settings):
    server = start(**settings)
    for body in (b"", b"{}", b"[]", b'{"Records": 5}', b"no JSON"):
        problem(requests.post(server.url + "/events", data=body, timeout=30), 400)
    assert failed(post(server)) == []
    assert failed(requests.post(server.url + "/events", json={"Records": [{"body": "{}"}]}, timeout=30)) == [""]
    assert failed(requests.post(server.url + "/events", json={"Records": [5]}, timeout=30)) == [""]


def test_who_may_notify(start, settings, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("ops:0123456789abcdef\n")
    server = start(**settings, API_KEYS_FILE=keys)
    problem(post(server), 401)
    assert failed(post(server, headers={"X-Api-Key": "0123456789abcdef"})) == []
    problem(post(server, headers={"x-amzn-request-context": "null"}), 401)
    on_lambda = start(**settings, AWS_LAMBDA_RUNTIME_API="127.0.0.1:1")
    problem(post(on_lambda, headers={"x-amzn-request-context": '{"http":{}}'}), 401)
    assert failed(post(on_lambda, headers={"x-amzn-request-context": "null"})) == []


def test_folder_store_has_no_notifications(start, tmp_path):
    problem(post(start()), 404)
