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


def decoded(name):
    return pytest.importorskip("cfnlint.decode").decode(path(name))[0]


@pytest.fixture(scope="module")
def resources():
    return {name: decoded(name)["Resources"] for name in TEMPLATES}


def test_templates_are_valid():
    pytest.importorskip("cfnlint")
    tool = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
    done = subprocess.run([tool, "--format", "json", *map(path, TEMPLATES)], capture_output=True, text=True)
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
    # A message lives for all its deliveries, and as a dead letter for longer: it keeps the day of its birth.
    assert queue["MessageRetentionPeriod"] > 5 * queue["VisibilityTimeout"]
    assert r["DeadLetters"]["Properties"]["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert r["BulkSource"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # Streamed answers would stream to the queue too, and an error's text would pass for success.
    assert "AWS_LWA_INVOKE_MODE" not in bulk["Environment"]["Variables"]
    assert bulk["Environment"]["Variables"]["AWS_LWA_ERROR_STATUS_CODES"] == "400-599"


def config_default(name):
    with open(os.path.join(ROOT, "server", "config_table.h")) as f:
        return float(re.search(rf'"{name}", ([0-9.]+)', f.read())[1])


def test_largest_scan_fits_into_tmp(resources):
    """Twice, as docs/deploy.md says: the scan, and previews and results beside it."""
    for name in ("Api", "Bulk"):
        function = resources["lambda.yaml"][name]["Properties"]
        megabytes = float(function["Environment"]["Variables"]["MAX_SCAN_MB"])
        assert function["EphemeralStorage"]["Size"] * 2**20 >= 2 * megabytes * 1e6


def task_settings(resources):
    task = resources["ecs.yaml"]["Task"]["Properties"]["ContainerDefinitions"][0]
    return task, {v["Name"]: v["Value"] for v in task["Environment"]}


def test_task_is_left_to_finish(resources):
    task, settings = task_settings(resources)
    assert int(settings["DRAIN_MS"]) / 1000 < task["StopTimeout"] <= 120
    targets = resources["ecs.yaml"]["Targets"]["Properties"]["TargetGroupAttributes"]
    assert int(targets[0]["Value"]) >= config_default("DEADLINE_S")


def test_connections_outlive_the_balancer_s(resources):
    """Else the balancer sends a request on a connection that the task has just closed."""
    _, settings = task_settings(resources)
    idle = int(resources["ecs.yaml"]["Balancer"]["Properties"]["LoadBalancerAttributes"][0]["Value"])
    assert config_default("DEADLINE_S") < idle < int(settings["IDLE_TIMEOUT_S"])


def allowed(statements, action):
    """Which resources an action is allowed on, as the text of the template."""
    listed = lambda x: x if isinstance(x, list) else [x]   # noqa: E731
    return [json.dumps(r) for s in statements if action in listed(s["Action"]) for r in listed(s["Resource"])]


def test_roles_may_no_more_than_they_must(resources):
    functions, task = resources["lambda.yaml"], resources["ecs.yaml"]["TaskRole"]["Properties"]["Policies"][0]
    store = functions["StorePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    for statements in (store, task["PolicyDocument"]["Statement"]):
        assert all("/uploads/*" in r or "/results/*" in r for r in allowed(statements, "s3:GetObject"))
        assert len(allowed(statements, "s3:PutObject")) == 3
        assert not [s for s in statements if "*" in s["Action"] or s["Resource"] == "*"]
    assert not allowed(store, "elasticfilesystem:ClientWrite")
    assert "Policies" not in functions["ApiRole"]["Properties"], "the queue is not the page's"
    bulk = functions["BulkRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert len(allowed(bulk, "sqs:DeleteMessage")) == 1


def test_names_that_are_notified_are_those_that_the_server_takes(resources):
    rules = resources["lambda.yaml"]["Bucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    suffixes = {r["Value"] for rule in rules for r in rule["Filter"]["S3Key"]["Rules"] if r["Name"] == "suffix"}
    assert suffixes == {".tif", ".tiff", ".TIF", ".TIFF"}


def test_warm_task_finds_its_parameters_in_the_functions_outputs():
    outputs = decoded("lambda.yaml")["Outputs"]
    needed = {n for n, p in decoded("ecs.yaml")["Parameters"].items() if "Default" not in p}
    assert {n.removeprefix("Public") for n in outputs} | {"ImageUri", "CertificateArn"} >= needed
