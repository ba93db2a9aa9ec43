"""GET /results/{id}/{file}."""
import os

import pytest
import requests
from harness import problem, raw


@pytest.fixture(scope="module")
def table(server, scan):
    """The path of a CSV and its bytes."""
    reply = server.digitize(scan, [("curve", "GR:GAPI:0:150")]).json()
    return reply["artifacts"]["csv"], server.get(reply["artifacts"]["csv"]).content


def test_get_and_head(server, table):
    path, content = table
    got = server.get(path)
    assert got.headers["Content-Disposition"] == 'inline; filename="curves.csv"'
    head = requests.head(server.url + path, timeout=30)
    assert head.status_code == 200 and head.content == b""
    assert int(head.headers["Content-Length"]) == len(content)


@pytest.mark.parametrize("asked,first,last", [("bytes=0-9", 0, 9), ("bytes=10-", 10, None), ("bytes=-5", -5, None),
                                              ("bytes=3-999999999", 3, None)])
def test_ranges(server, table, asked, first, last):
    path, content = table
    got = server.get(path, headers={"Range": asked})
    want = content[first:] if last is None else content[first:last + 1]
    assert got.status_code == 206 and got.content == want
    start = first if first >= 0 else len(content) + first
    assert got.headers["Content-Range"] == f"bytes {start}-{start + len(want) - 1}/{len(content)}"


def test_odd_ranges(server, table):
    path, content = table
    for asked in ("bytes=5-2", "lines=1-2", "bytes=a-b", "bytes=0-1,3-4", "bytes=", "bytes=99999999999999999999-"):
        got = server.get(path, headers={"Range": asked})
        assert got.status_code == 200 and got.content == content, asked
    got = server.get(path, headers={"Range": f"bytes={len(content)}-"})
    assert got.status_code == 416 and got.headers["Content-Range"] == f"bytes */{len(content)}"


def test_missing(server, table):
    base = table[0].rsplit("/", 1)[0]
    for path in ("/results/", "/results/x", "/results/x/", base + "/", base + "/nothing.csv", base,
                 "/results/" + "0" * 32 + "/curves.csv", "/results/" + "0" * 500 + "/curves.csv"):
        problem(server.get(path), 404)


def test_no_path_leaves_the_folder(server, table):
    secret = os.path.join(server.store, ".secret")
    assert os.path.exists(secret)
    for path in ("/results/../.secret", "/results/%2e%2e/.secret", "/results/..%2f.secret/x", "/results/x/..%2f..%2f.secret",
                 "/results/x/../../.secret", "/results//etc/passwd", "/results/x/%00", "/results/.staging/x",
                 "/results/x\\..\\.secret/x", table[0].rsplit("/", 1)[0] + "/..%2f..%2f.secret"):
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert b" 404 " in answer.split(b"\r\n")[0], (path, answer)


def test_links_are_not_followed(server, table):
    folder = os.path.join(server.store, "results", table[0].split("/")[2])
    os.symlink("/etc/passwd", os.path.join(folder, "link.csv"))
    os.mkdir(os.path.join(folder, "folder.csv"))
    for name in ("link.csv", "folder.csv"):
        problem(server.get(table[0].rsplit("/", 1)[0] + "/" + name), 404)
    os.rmdir(os.path.join(folder, "folder.csv"))
