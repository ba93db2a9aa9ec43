"""Results in a bucket: what is stored, how it is reached, what overwrites it."""
import time
from urllib.parse import parse_qs, urlsplit

import requests
from swift_store import GUEST, GUEST_SECRET
from harness import problem

DEPTHS = [("depth_top", "100"), ("depth_bottom", "200"), ("depth_unit", "ft"), ("curve", "GR:API:0:150")]
FILES = ["curves.csv", "curves.las", "mask.png", "overlay.png", "result.json"]


def test_result_is_stored_and_reached(start, settings, bucket, prefix, scan):
    server = start(**settings, RESULT_URL_TTL_S=77)
    reply = server.digitize(scan, DEPTHS)
    assert reply.status_code == 200, reply.text
    reply = reply.json()
    folder = f"{prefix}/results/{reply['id']}/"
    assert set(FILES) <= {key.removeprefix(folder) for key in bucket.keys(folder)}
    for name, url in (("curves.csv", "csv"), ("curves.las", "las"), ("overlay.png", "overlay"), ("mask.png", "mask"),
                      ("result.json", "json")):
        given = requests.get(reply["artifacts"][url], timeout=30)
        stored = bucket.get(folder + name)
        assert given.status_code == 200 and given.content == stored["Body"].read() and given.content
        assert given.headers["Content-Type"] == stored["ContentType"]
        assert parse_qs(urlsplit(reply["artifacts"][url]).query)["X-Amz-Expires"] == ["77"]
    assert bucket.get(folder + "curves.csv")["ContentType"] == "text/csv; charset=utf-8"
    assert b"~A" in bucket.get(folder + "curves.las")["Body"].read()


def test_urls_are_good_for_what_they_say(start, settings, scan):
    server = start(**settings, RESULT_URL_TTL_S=3)
    reply = server.digitize(scan).json()
    url = reply["artifacts"]["csv"]
    given = requests.get(url, timeout=30)
    assert given.status_code == 200
    assert requests.get(url.replace("curves.csv", "mask.png"), timeout=30).status_code == 403
    assert requests.get(url.replace("X-Amz-Expires=3", "X-Amz-Expires=9999"), timeout=30).status_code == 403
    assert requests.put(url, b"mine", timeout=30).status_code == 403
    time.sleep(4)
    assert requests.get(url, timeout=30).status_code == 403
    # The server gives the file for longer.
    again = server.get(f"/results/{reply['id']}/curves.csv")
    assert again.status_code == 200 and again.content == given.content


def test_file_formats_come_in_the_reply(start, settings, bucket, prefix, scan):
    server = start(**settings)
    reply = server.digitize(scan, DEPTHS + [("format", "las")])
    assert reply.status_code == 200 and b"~A" in reply.content
    key = f"{prefix}/results/{reply.headers['X-Result-Id']}/curves.las"
    assert bucket.get(key)["Body"].read() == reply.content


def test_a_retried_request_overwrites_itself(start, settings, bucket, prefix, scan):
    server = start(**settings)
    key = {"Idempotency-Key": "the same request"}
    first = server.digitize(scan, DEPTHS, headers=key).json()
    stored = bucket.keys(prefix + "/results/")
    again = server.digitize(scan, DEPTHS, headers=key).json()
    assert first["id"] == again["id"] and bucket.keys(prefix + "/results/") == stored
    tables = [requests.get(reply["artifacts"]["csv"], timeout=30).content for reply in (first, again)]
    assert tables[0] == tables[1]


def test_virtual_host_style(start, settings, swift, bucket, prefix, scan):
    settings.update(S3_ENDPOINT=f"http://localhost:{swift.port}", S3_VIRTUAL_HOST="1")
    reply = start(**settings).digitize(scan)
    assert reply.status_code == 200, reply.text
    url = urlsplit(reply.json()["artifacts"]["csv"])
    assert url.netloc == f"wells.localhost:{swift.port}" and url.path.startswith(f"/{prefix}/results/")
    assert bucket.keys(f"{prefix}/results/{reply.json()['id']}/")
    # "wells.localhost" has no address everywhere: the request goes to the store with that Host.
    given = requests.get(f"http://127.0.0.1:{swift.port}{url.path}?{url.query}", headers={"Host": url.netloc}, timeout=30)
    assert given.status_code == 200 and given.content.startswith(b"ROW,")


def test_no_prefix(start, settings, bucket, scan):
    settings["STORE"] = "s3://wells"
    reply = start(**settings).digitize(scan).json()
    assert f"results/{reply['id']}/curves.csv" in bucket.keys(f"results/{reply['id']}/")


def test_refusals_are_told(start, settings, swift, scan):
    cases = [(dict(STORE="s3://nowhere/x"), 'no bucket "nowhere"'),
             (dict(AWS_SECRET_ACCESS_KEY="wrong"), "does not accept the access key"),
             (dict(AWS_ACCESS_KEY_ID="logs:nobody"), "access"),
             (dict(AWS_ACCESS_KEY_ID=GUEST, AWS_SECRET_ACCESS_KEY=GUEST_SECRET), "refuses access")]
    for change, text in cases:
        server = start(**{**settings, **change})
        body = problem(server.digitize(scan), 502)
        assert text in body["detail"], body
        assert "nowhere" in text or "wells" in body["detail"] or "access key" in body["detail"]
        ready = server.get("/readyz")
        assert ready.status_code == 503 and text in ready.json()["store"]["detail"]
        assert server.get("/healthz").status_code == 200
