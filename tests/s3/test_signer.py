"""The signer against botocore's, on requests that nobody chose by hand."""
import datetime
import json
import os
import random
import subprocess
from unittest import mock
from urllib.parse import quote, urlencode

import pytest

botocore = pytest.importorskip("botocore")
from botocore import auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

LETTERS = "abcXYZ019-._~ !$&'()*+,;=:@%#?[]\"<>^`{|}äπ界\U0001f30d/"


def word(rng, most, letters=LETTERS):
    return "".join(rng.choice(letters) for _ in range(rng.randint(1, most)))


def make_case(rng, i):
    case = {
        "access_key": "AKIA" + word(rng, 16, "ABCDEF234567"), "secret_key": word(rng, 40, "abcdef/+XYZ"),
        "token": word(rng, 900, "abc+/=XYZ") if rng.random() < 0.5 else "",
        "region": rng.choice(["us-east-1", "eu-central-1", "cn-north-1"]), "now": rng.randint(1_000_000_000, 2_000_000_000),
        "method": rng.choice(["GET", "PUT", "HEAD", "DELETE"]),
        "host": rng.choice(["wells.s3.us-east-1.amazonaws.com", "localhost:9000"]),
        "path": "/" + word(rng, 60),
        "query": [[word(rng, 12), word(rng, 20) if rng.random() < 0.8 else ""] for _ in range(rng.randint(0, 6))],
        "headers": [["Content-Type", "image/tiff"], ["x-amz-meta-a", "  two   blanks "]][:rng.randint(0, 2)],
        "payload": rng.choice(["UNSIGNED-PAYLOAD", "ab" * 32]),
    }
    if len({name for name, _ in case["query"]}) < len(case["query"]):   # botocore takes no name twice
        case["query"] = []
    if i % 2:
        case["expires"] = rng.randint(1, 604800)
        case["payload"] = "UNSIGNED-PAYLOAD"
    else:
        case["headers"].append(["X-Amz-Content-SHA256", case["payload"]])
    return case


def botocore_signs(case):
    credentials = Credentials(case["access_key"], case["secret_key"], case["token"] or None)
    # The URL's scheme decides whether botocore keeps the port in the Host header.
    url = "http://" + case["host"] + quote(case["path"], safe="/~")
    request = AWSRequest(case["method"], url, headers=dict(case["headers"]), params=dict(case["query"]))
    now = datetime.datetime.fromtimestamp(case["now"], datetime.timezone.utc)
    kind = auth.S3SigV4QueryAuth if "expires" in case else auth.S3SigV4Auth
    extra = {"expires": case["expires"]} if "expires" in case else {}
    signer = kind(credentials, "s3", case["region"], **extra)
    with mock.patch.object(auth, "get_current_datetime", lambda remove_tzinfo=True: now), \
            mock.patch.object(kind, "payload", lambda self, request: case["payload"]):
        signer.add_auth(request)
    return request


def split_query(target):
    return sorted(target.partition("?")[2].split("&"))


def test_signs_as_botocore_does():
    driver = os.environ.get("SIGN_CASES")
    if not driver:
        driver = "build/s3/sign_cases"
        subprocess.run(["make", "-s", driver], check=True)
    rng = random.Random(2013)
    cases = [make_case(rng, i) for i in range(400)]
    lines = "".join(json.dumps(c) + "\n" for c in cases)
    out = subprocess.run([driver], input=lines, capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, out.stderr
    answers = out.stdout.splitlines()
    assert len(answers) == len(cases)
    for case, answer in zip(cases, answers):
        target, authorization = answer.split("\t")
        request = botocore_signs(case)
        if "expires" in case:
            theirs = request.url.partition(case["host"])[2]
            assert target.partition("?")[0] == theirs.partition("?")[0]
            assert split_query(target) == split_query(theirs), case
        else:
            assert authorization == request.headers["Authorization"], case
