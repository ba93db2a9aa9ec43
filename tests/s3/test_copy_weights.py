"""The function of deploy/lambda.yaml that puts a checkpoint on the file system, against a store."""
import os

import pytest
from swift_store import KEY, ROOT, SECRET


@pytest.fixture
def copy(swift, prefix, tmp_path, monkeypatch):
    pytest.importorskip("boto3")
    template = pytest.importorskip("cfnlint.decode").decode(os.path.join(ROOT, "deploy", "lambda.yaml"))[0]
    for name, value in dict(BUCKET="wells", PREFIX=prefix, FOLDER=str(tmp_path), AWS_ENDPOINT_URL=swift.endpoint,
                            AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_REGION="us-east-1",
                            AWS_DEFAULT_REGION="us-east-1").items():
        monkeypatch.setenv(name, value)
    names = {}
    exec(template["Resources"]["Copy"]["Properties"]["Code"]["ZipFile"], names)
    return names["handler"]


def test_checkpoint_comes_whole_or_not_at_all(copy, bucket, prefix, tmp_path):
    from botocore.exceptions import ClientError
    bucket.put(f"{prefix}/weights/curvenet.safetensors", b"first" * 100000)
    assert copy({"name": "curvenet.safetensors"}, None) == {"file": str(tmp_path / "curvenet.safetensors"), "bytes": 500000}
    bucket.put(f"{prefix}/weights/curvenet.safetensors", b"second")
    copy({"name": "curvenet.safetensors"}, None)
    assert (tmp_path / "curvenet.safetensors").read_bytes() == b"second"
    with pytest.raises(ClientError):
        copy({"name": "../missing"}, None)
    assert os.listdir(tmp_path) == ["curvenet.safetensors"]
