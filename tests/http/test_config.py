"""Settings and the command line."""
import ctypes
import os
import signal
import socket
import subprocess
import time

import pytest


def run(binary, *arguments, **settings):
    env = {**os.environ, "PORT": "0", **settings}
    return subprocess.run([binary, *arguments], env=env, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("name,value", [
    ("PORT", "http"), ("PORT", "70000"), ("PORT", "80 "), ("MAX_QUEUE", "-1"), ("MAX_UPLOAD_MB", "lots"), ("MAX_UPLOAD_MB", "nan"),
    ("DEADLINE_S", "0"), ("STORE", "ftp://x"), ("STORE", "dir:"), ("STORE", "s3://"), ("MODEL", "../x"), ("PRELOAD", "yes"),
    ("LOG_LEVEL", "loud"), ("BIND", "localhost"), ("PUBLIC_URL", "example.com"), ("MAX_PIXELS", "1e9x"),
    ("API_KEYS_FILE", "/nonexistent"), ("WEIGHTS_DIR", "x" * 600), ("STORE", ""),
])
def test_a_bad_value_stops_the_start_with_a_sentence(binary, name, value):
    done = run(binary, **{name: value})
    assert done.returncode == 1 and name in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("content", ["", "# only a comment\n", "alice\n", "alice:short\n", "a b:long-enough-key-here\n"])
def test_bad_key_files(binary, tmp_path, content):
    (tmp_path / "keys").write_text(content)
    done = run(binary, API_KEYS_FILE=str(tmp_path / "keys"))
    assert done.returncode == 1 and "API_KEYS_FILE" in done.stderr


def test_port_in_use(binary):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        done = run(binary, PORT=str(s.getsockname()[1]), BIND="127.0.0.1", STORE="dir:/tmp/never-made")
    assert done.returncode == 1 and "in use" in done.stderr
    assert not os.path.exists("/tmp/never-made/results")


def test_help_and_version(binary):
    text = run(binary, "--help").stdout
    for name in ("PORT", "STORE", "WEIGHTS_DIR", "MAX_UPLOAD_MB", "DEADLINE_S", "API_KEYS_FILE"):
        assert name in text
    assert run(binary, "--version").stdout.startswith("curvelogd ")
    assert run(binary, "--nonsense").returncode == 2


def test_healthcheck(binary, start):
    server = start()
    assert run(binary, "--healthcheck", PORT=str(server.port)).returncode == 0
    port = server.port
    server.stop()
    assert run(binary, "--healthcheck", PORT=str(port)).returncode == 1


def test_ipv6(start):
    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 on this machine")
    server = start(BIND="::1")
    with socket.create_connection(("::1", server.port), timeout=10) as s:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert s.recv(100).startswith(b"HTTP/1.1 200")


def test_start_to_listening(start):
    """Nothing heavy comes before the port is open; the best of three, as the machine may be busy."""
    ms = []
    for _ in range(3):
        server = start()
        line = next(line["msg"] for line in server.log() if " listens on " in line["msg"])
        ms.append(float(line.rsplit("after ", 1)[1].split()[0]))
        server.stop()
    assert min(ms) < 30, ms


def test_signal_that_a_librarys_thread_is_given(start):
    """OpenBLAS starts a thread before main can block signals; the kernel may choose it."""
    server = start()
    pid = server.process.pid
    others = [int(tid) for tid in os.listdir(f"/proc/{pid}/task") if int(tid) != pid]
    free = [tid for tid in others if not blocks(pid, tid, signal.SIGTERM)]
    if not free:
        pytest.skip("no library started a thread")
    assert ctypes.CDLL(None, use_errno=True).tgkill(pid, free[0], signal.SIGTERM) == 0
    assert server.process.wait(20) == 0
    assert server.log()[-1]["msg"] == "all work is done"


def blocks(pid, tid, number):
    with open(f"/proc/{pid}/task/{tid}/status") as status:
        mask = next(line for line in status if line.startswith("SigBlk")).split()[1]
    return int(mask, 16) >> (number - 1) & 1


def test_stopped_and_continued(start):
    """Lambda freezes the process between invocations."""
    server = start()
    connection = server.connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    os.kill(server.process.pid, 19)
    time.sleep(2)
    os.kill(server.process.pid, 18)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    connection.close()
