"""A proxy before the store that delays, cuts and answers in its place, by script."""
import socket
import threading
import time

ERROR = ("HTTP/1.1 {status} X\r\nContent-Type: application/xml\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n"
         "<?xml version='1.0'?><Error><Code>{code}</Code><Message>by script</Message></Error>")


def error(status, code):
    text = ERROR.format(status=status, code=code, n=0)
    return ERROR.format(status=status, code=code, n=len(text.split("\r\n\r\n", 1)[1])).encode()


class Proxy:
    """`faults` are taken one a request: None passes it on; ("answer", bytes), ("cut",) before the store sees it,
    ("cut reply", n) after n bytes of the reply, ("delay", seconds)."""

    def __init__(self, port, own_port=0):
        self.target = ("127.0.0.1", port)
        self.faults, self.requests, self.always = [], [], None
        self.listener = socket.create_server(("127.0.0.1", own_port))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)   # wakes the thread that accepts
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            try:
                while self._exchange(client):
                    pass
            except OSError:
                pass

    def _read(self, client):
        data = b""
        while b"\r\n\r\n" not in data:
            got = client.recv(65536)
            if not got:
                return None
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            got = client.recv(65536)
            if not got:
                return None
            body += got
        return head + b"\r\n\r\n" + body

    def _exchange(self, client):
        request = self._read(client)
        if request is None:
            return False
        with self.lock:
            self.requests.append(request.split(b"\r\n", 1)[0].decode())
            fault = self.faults.pop(0) if self.faults else self.always
        if fault and fault[0] == "cut":
            return False
        if fault and fault[0] == "answer":
            client.sendall(fault[1])
            return False
        if fault and fault[0] == "delay":
            time.sleep(fault[1])
        return self._forward(client, request, fault[1] if fault and fault[0] == "cut reply" else None)

    def _forward(self, client, request, limit):
        with socket.create_connection(self.target, timeout=60) as store:
            store.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            sent = 0
            while True:
                got = store.recv(65536)
                if not got:
                    return False
                if limit is not None and sent + len(got) > limit:
                    client.sendall(got[:limit - sent])
                    return False
                client.sendall(got)
                sent += len(got)
