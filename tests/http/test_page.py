"""The page's files, and the headers that every response has."""
import os

import pytest
import requests
from harness import problem, raw


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    folder = tmp_path_factory.mktemp("static")
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "app.js").write_text("export const a = 1;")
    (folder / "lib").mkdir()
    (folder / "lib" / "style.css").write_text("body{}")
    (folder / ".hidden").write_text("secret")
    (folder.parent / "outside.txt").write_text("secret")
    os.symlink(folder.parent / "outside.txt", folder / "link.txt")
    return folder


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory, weights, static):
    from harness import Server
    running = Server(binary, tmp_path_factory.mktemp("server"), weights, STATIC_DIR=static)
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("path,kind", [("/", "text/html"), ("/index.html", "text/html"), ("/app.js", "text/javascript"),
                                       ("/lib/style.css", "text/css")])
def test_files_and_types(server, path, kind):
    got = server.get(path)
    assert got.status_code == 200 and got.headers["Content-Type"].startswith(kind) and got.content
    policy = got.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    head = requests.head(server.url + path, timeout=30)
    assert head.status_code == 200 and head.headers["ETag"] == got.headers["ETag"]


def test_etag(server, static):
    first = server.get("/app.js")
    tag = first.headers["ETag"]
    again = server.get("/app.js", headers={"If-None-Match": f'"other", {tag}'})
    assert again.status_code == 304 and again.content == b"" and again.headers["ETag"] == tag
    for name in ("Content-Security-Policy", "Cache-Control", "Content-Type"):   # they replace those kept
        assert again.headers[name] == first.headers[name]
    (static / "app.js").write_text("export const a = 22;")
    changed = server.get("/app.js", headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.text == "export const a = 22;"


def test_nothing_else(server):
    for path in ("/.hidden", "/link.txt", "/lib", "/lib/", "/../outside.txt", "/%2e%2e/outside.txt", "/lib/../../outside.txt",
                 "/lib/..%2f..%2foutside.txt", "//etc/passwd", "/app.js/", "/app.js/x", "/" + "a" * 300,
                 "/" + "a/" * 300):
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert b" 404 " in answer.split(b"\r\n")[0], (path, answer)


def test_headers_of_every_response(server):
    for path in ("/", "/healthz", "/models", "/metrics", "/nothing"):
        got = server.get(path)
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Content-Security-Policy"] and got.headers["X-Request-Id"] and got.headers["Content-Type"]


def test_no_static_folder(start):
    server = start(STATIC_DIR="/nonexistent")
    problem(server.get("/"), 404)
    assert server.get("/healthz").status_code == 200


def test_cors(start):
    closed = start()
    assert "Access-Control-Allow-Origin" not in closed.get("/healthz").headers
    server = start(CORS_ORIGIN="https://app.example.com")
    assert server.get("/healthz").headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    ask = requests.options(server.url + "/digitize", timeout=30, headers={
        "Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"})
    assert ask.status_code == 200 and ask.content and ask.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Content-Type" in ask.headers["Access-Control-Allow-Headers"]
