"""The CloudFormation templates: valid, and in keeping with the server and with each other."""
import json
import os
import re
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEMPLATES = ("lambda.yaml", "ecs.yaml")


def path(name):
    return os.path.join(ROOT, "deploy", name)


@pytest.fixture(scope="module")
def resources():
    decode = pytest.importorskip("cfnlint.decode")
    return {name: decode.decode(path(name))[0]["Resources"] for name in TEMPLATES}


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_is_valid(name):
    pytest.importorskip("cfnlint")
    tool = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
    done = subprocess.run([tool, "--format", "json", path(name)], capture_output=True, text=True)
    assert done.returncode == 0, [(e["Rule"]["Id"], e["Message"]) for e in json.loads(done.stdout or "[]")] or done.stderr


def test_settings_are_the_server_s(resources):
    with open(os.path.join(ROOT, "server", "config_table.h")) as f:
        known = set(re.findall(r'"([A-Z][A-Z0-9_]+)"', f.read()))
    functions = resources["lambda.yaml"]
    given = {n for f in ("Api", "Bulk") for n in functions[f]["Properties"]["Environment"]["Variables"]}
    task = resources["ecs.yaml"]["Task"]["Properties"]["ContainerDefinitions"][0]
    given |= {variable["Name"] for variable in task["Environment"]}
    assert {n for n in given if not n.startswith("AWS_LWA_")} - known - {"AWS_REGION"} == set()
    assert "STORE" in known


def test_queue_outlives_the_function(resources):
    """AWS's rules for a queue before a function: see its guide, "Using Lambda with Amazon SQS"."""
    r = resources["lambda.yaml"]
    queue, bulk = r["Notifications"]["Properties"], r["Bulk"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * bulk["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    assert r["BulkSource"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # Streamed answers would stream to the queue too, and an error's text would pass for success.
    assert "AWS_LWA_INVOKE_MODE" not in bulk["Environment"]["Variables"]
    assert bulk["Environment"]["Variables"]["AWS_LWA_ERROR_STATUS_CODES"] == "400-599"


def test_task_is_left_to_finish(resources):
    task = resources["ecs.yaml"]["Task"]["Properties"]["ContainerDefinitions"][0]
    drain = next(int(v["Value"]) for v in task["Environment"] if v["Name"] == "DRAIN_MS")
    assert drain / 1000 < task["StopTimeout"] <= 120
