"""Stands in for the Lambda Web Adapter where it cannot be built: as much of it as these tests need, by its
documentation.  Run as a program, with the adapter's environment variables."""
import base64
import http.client
import json
import os
import threading
import time
import urllib.parse

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
PORT = int(os.environ.get("AWS_LWA_PORT") or os.environ.get("PORT") or 8080)
STREAM = os.environ.get("AWS_LWA_INVOKE_MODE") == "response_stream"
TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/yaml")


def ask(host, method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(host)
    connection.request(method, path, body, headers, encode_chunked="Transfer-Encoding" in headers)
    return connection, connection.getresponse()


def wait_until_ready():
    while True:
        try:
            _, reply = ask(f"127.0.0.1:{PORT}", "GET", os.environ.get("AWS_LWA_READINESS_CHECK_PATH", "/"))
            if reply.status < 500:
                return
        except OSError:
            pass
        time.sleep(0.01)


def error_statuses():
    found = set()
    for part in filter(None, os.environ.get("AWS_LWA_ERROR_STATUS_CODES", "").split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def make_request(event, invocation):
    context = event.get("requestContext")
    headers = {k: v for k, v in event.get("headers", {}).items() if k.lower() != "content-length"}
    headers["x-amzn-request-context"] = json.dumps(context)
    headers["x-amzn-lambda-context"] = json.dumps({"deadline": int(invocation.headers["Lambda-Runtime-Deadline-Ms"])})
    if not context:
        headers["content-type"] = "application/json"
        return "POST", os.environ.get("AWS_LWA_PASS_THROUGH_PATH", "/events"), json.dumps(event).encode(), headers
    body = event.get("body") or ""
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    path = urllib.parse.quote(event["rawPath"]) + ("?" + event["rawQueryString"] if event["rawQueryString"] else "")
    return context["http"]["method"], path, body, headers


def stream_reply(prefix, reply, headers):
    def pieces():
        yield json.dumps({"statusCode": reply.status, "headers": headers, "cookies": []}).encode() + b"\0" * 8
        while piece := reply.read1(65536):
            yield piece

    ask(API, "POST", prefix + "/response", pieces(), {
        "Content-Type": "application/vnd.awslambda.http-integration-response", "Transfer-Encoding": "chunked",
        "Lambda-Runtime-Function-Response-Mode": "streaming"})[1].read()


def buffered_reply(prefix, reply, headers):
    body = reply.read()
    text = any(headers.get("content-type", "text/").startswith(kind) or "+json" in headers["content-type"] for kind in TEXT)
    answer = {"statusCode": reply.status, "headers": headers, "isBase64Encoded": not text,
              "body": body.decode(errors="replace") if text else base64.b64encode(body).decode()}
    ask(API, "POST", prefix + "/response", json.dumps(answer).encode())[1].read()


def serve_one():
    _, invocation = ask(API, "GET", "/2018-06-01/runtime/invocation/next")
    event = json.loads(invocation.read())
    prefix = "/2018-06-01/runtime/invocation/" + invocation.headers["Lambda-Runtime-Aws-Request-Id"]
    method, path, body, headers = make_request(event, invocation)
    _, reply = ask(f"127.0.0.1:{PORT}", method, path, body, headers)
    answer_headers = {k.lower(): v for k, v in reply.getheaders() if k.lower() != "transfer-encoding"}
    if reply.status in error_statuses():
        ask(API, "POST", prefix + "/error", json.dumps({"errorType": "status", "errorMessage": str(reply.status)}))
    elif not event.get("requestContext"):
        ask(API, "POST", prefix + "/response", reply.read())[1].read()
    else:
        (stream_reply if STREAM else buffered_reply)(prefix, reply, answer_headers)


def main():
    ask(API, "POST", "/2020-01-01/extension/register", b'{"events":[]}')[1].read()
    threading.Thread(target=lambda: ask(API, "GET", "/2020-01-01/extension/event/next"), daemon=True).start()
    wait_until_ready()
    while True:
        serve_one()


if __name__ == "__main__":
    main()
