"""A store that checks signatures, a proxy that does harm, and the server of tests/http in front of them."""
import importlib.util
import os
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "http"), HERE]

spec = importlib.util.spec_from_file_location("http_conftest", os.path.join(ROOT, "tests", "http", "conftest.py"))
http_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(http_conftest)
binary, checkpoints, weights, scan, start = (getattr(http_conftest, n) for n in (
    "binary", "checkpoints", "weights", "scan", "start"))

from proxy import Proxy  # noqa: E402
from swift_store import KEY, SECRET, free_port, shared_swift  # noqa: E402


@pytest.fixture(scope="session")
def swift(tmp_path_factory):
    return shared_swift(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def bucket(swift):
    """boto3's view of the bucket: an S3 client that has nothing in common with the server's."""
    boto3 = pytest.importorskip("boto3")
    from botocore.config import Config
    client = boto3.client("s3", endpoint_url=swift.endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                          region_name="us-east-1", config=Config(s3={"addressing_style": "path"},
                                                                 request_checksum_calculation="when_required",
                                                                 response_checksum_validation="when_required"))

    class Bucket:
        def keys(self, prefix=""):
            found = client.list_objects_v2(Bucket="wells", Prefix=prefix).get("Contents", [])
            return sorted(o["Key"] for o in found)

        def get(self, key):
            return client.get_object(Bucket="wells", Key=key)

        def put(self, key, body):
            client.put_object(Bucket="wells", Key=key, Body=body)

    return Bucket()


@pytest.fixture
def prefix(request):
    """A prefix of the test's own, so that tests share a bucket."""
    return request.node.name.replace("_", "-").replace("[", "-").replace("]", "")[:60] + f"-{time.time_ns() % 10**6}"


@pytest.fixture
def settings(swift, prefix):
    """The server's environment for the S3 store; tests change what they are about."""
    return dict(STORE=f"s3://wells/{prefix}", S3_ENDPOINT=swift.endpoint, AWS_ACCESS_KEY_ID=KEY,
                AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN="", AWS_REGION="us-east-1")


@pytest.fixture
def proxy(swift):
    running = Proxy(swift.port)
    yield running
    running.stop()
