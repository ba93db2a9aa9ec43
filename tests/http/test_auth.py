"""API keys."""
import requests
from harness import problem

KEY = "correct-horse-battery"


def test_keys(start, tmp_path, scan):
    keys = tmp_path / "keys"
    keys.write_text(f"# who may digitize\nalice:{KEY}\nbob:another-key-of-bobs\n")
    server = start(API_KEYS_FILE=keys)
    refused = server.digitize(scan)
    problem(refused, 401)
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    problem(server.digitize(scan, headers={"Authorization": "Bearer wrong"}), 401)
    problem(server.digitize(scan, headers={"X-Api-Key": KEY + "x"}), 401)
    problem(requests.post(server.url + "/uploads", timeout=30), 401)
    granted = server.digitize(scan, headers={"Authorization": "Bearer " + KEY})
    assert granted.status_code == 200
    assert server.logged(granted.headers["X-Request-Id"])["key"] == "alice"
    assert server.digitize(scan, headers={"X-Api-Key": "another-key-of-bobs"}).status_code == 200
    assert KEY not in open(server.log_path).read()
    for path in ("/healthz", "/readyz", "/models", granted.json()["artifacts"]["csv"]):
        assert server.get(path).status_code == 200


def test_idempotency_is_per_key(start, tmp_path, scan):
    keys = tmp_path / "keys"
    keys.write_text(f"alice:{KEY}\nbob:another-key-of-bobs\n")
    server = start(API_KEYS_FILE=keys)
    ids = {server.digitize(scan, headers={"X-Api-Key": key, "Idempotency-Key": "same-for-both"}).json()["id"]
           for key in (KEY, "another-key-of-bobs")}
    assert len(ids) == 2
