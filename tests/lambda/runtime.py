"""The platform's side of AWS Lambda on loopback: the Runtime API and the Extensions API, as the Web Adapter
uses them ("Using the Lambda runtime API" and "Using the Lambda Extensions API" in the developer guide)."""
import base64
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAYLOAD_MAX = 6 * 1024 * 1024 + 100   # what the platform takes and gives in one piece


class PayloadTooLarge(Exception):
    pass


class Invocation:
    def __init__(self, number, event, limit_s):
        self.id = f"00000000-0000-0000-0000-{number:012d}"
        self.body = json.dumps(event).encode()
        if len(self.body) > PAYLOAD_MAX:
            raise PayloadTooLarge(len(self.body))
        self.deadline = time.time() + limit_s
        self.done = threading.Event()
        self.error, self.raw, self.headers, self.pieces = None, b"", {}, []

    def wait(self):
        if not self.done.wait(max(0, self.deadline - time.time()) + 0.05):
            raise TimeoutError("the platform would have killed the function")
        return self

    def json(self):
        assert self.error is None, self.error
        return json.loads(self.raw)

    def response(self):
        """(status, headers, body) of an HTTP invocation."""
        if "http-integration-response" in self.headers.get("content-type", ""):
            prelude, body = self.raw.split(b"\0" * 8, 1)
            prelude = json.loads(prelude)
            return prelude["statusCode"], lower(prelude["headers"]), body
        reply = self.json()
        assert len(self.raw) <= PAYLOAD_MAX
        body = reply.get("body") or ""
        headers = {**{k: v[0] for k, v in (reply.get("multiValueHeaders") or {}).items()}, **(reply.get("headers") or {})}
        return (reply["statusCode"], lower(headers),
                base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode())


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


class Runtime:
    def __init__(self):
        self.queue, self.running, self.count, self.registered = queue.Queue(), {}, 0, threading.Event()
        runtime = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def answer(self, status, headers=(), body=b""):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path.endswith("/event/next"):
                    time.sleep(3600)
                invocation = runtime.queue.get()
                self.answer(200, [("Lambda-Runtime-Aws-Request-Id", invocation.id),
                                  ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
                                  ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:curvelog"),
                                  ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
                                  ("Content-Type", "application/json")], invocation.body)

            def pieces(self):
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    yield self.rfile.read(int(self.headers["Content-Length"]))
                    return
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    yield self.rfile.read(size)
                    self.rfile.readline()
                while self.rfile.readline().strip():   # trailers
                    pass

            def do_POST(self):
                if self.path.endswith("/extension/register"):
                    self.rfile.read(int(self.headers["Content-Length"]))
                    runtime.registered.set()
                    return self.answer(200, [("Lambda-Extension-Identifier", "an-extension")], b"{}")
                _, kind = self.path.rsplit("/", 1)
                invocation = runtime.running[self.path.split("/")[-2]] if "/invocation/" in self.path else None
                for piece in self.pieces():
                    if invocation:
                        invocation.pieces.append((time.time(), piece))
                if invocation:
                    invocation.raw = b"".join(piece for _, piece in invocation.pieces)
                    invocation.headers = lower(self.headers)
                    if kind == "error":
                        invocation.error = invocation.raw.decode()
                    invocation.done.set()
                return self.answer(202)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()

    def start(self, event, limit_s=60):
        self.count += 1
        invocation = Invocation(self.count, event, limit_s)
        self.running[invocation.id] = invocation
        self.queue.put(invocation)
        return invocation

    def invoke(self, event, limit_s=60):
        return self.start(event, limit_s).wait()


def http_event(method, path, body=b"", query="", **headers):
    """What a function URL makes of a request (payload format 2.0)."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers.setdefault("host", "x.lambda-url.us-east-1.on.aws")
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "accountId": "anonymous", "apiId": "x", "domainName": headers["host"], "domainPrefix": "x",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
            "requestId": "r", "routeKey": "$default", "stage": "$default", "time": "24/Nov/2026:03:00:00 +0000",
            "timeEpoch": 1795489200000},
        "isBase64Encoded": bool(body)}
    if body:
        event["headers"]["content-length"] = str(len(body))
        event["body"] = base64.b64encode(body).decode()
    return event
