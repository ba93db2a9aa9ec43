#!/usr/bin/python3
"""An S3-compatible store on one machine that checks every signature: OpenStack Swift's s3api.

Needs Debian's swift-proxy, swift-account, swift-container, swift-object and memcached, and a folder on a
file system with user extended attributes.  For development and tests, not for data that must last.

    swift_s3.py DIR --port 9000 --bucket wells --key logs:demo --secret 0123456789

The access key is ACCOUNT:USER.  Stops, with all that it started, on SIGTERM.
"""
import argparse
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
import urllib.request

BACKENDS = ("object", "container", "account")

# Swift wants /etc/swift/swift.conf, which Ubuntu does not ship, before it reads where ours is: argv is folder,
# program, configuration.
RUN = """import runpy, sys
from swift.common import utils
utils.set_swift_dir(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def write_rings(conf, ports):
    from swift.common.ring import RingBuilder
    for name in BACKENDS:
        builder = RingBuilder(4, 1, 1)
        builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": ports[name], "device": "d1", "weight": 1.0,
                         "replication_ip": "127.0.0.1", "replication_port": ports[name]})
        builder.rebalance()
        builder.get_ring().save(os.path.join(conf, name + ".ring.gz"))


def write_configs(conf, args, ports):
    user = pwd.getpwuid(os.getuid()).pw_name
    common = f"swift_dir = {conf}\nuser = {user}\nlog_level = WARNING\nlog_address = {conf}/no-syslog\nworkers = 0\n"
    write(f"{conf}/swift.conf", "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n"
          "[storage-policy:0]\nname = one\ndefault = yes\n")
    for name in BACKENDS:
        write(f"{conf}/{name}.conf", f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {ports[name]}\n"
              f"devices = {args.dir}/devices\nmount_check = false\n{common}"
              f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
              "fallocate_reserve = 0\n")
    users = f"user_{args.key.replace(':', '_')} = {args.secret} .admin\n"
    for key, secret in args.guest:
        users += f"user_{key.replace(':', '_')} = {secret}\n"
    write(f"{conf}/proxy.conf", f"[DEFAULT]\nbind_ip = {args.bind}\nbind_port = {args.port}\n{common}"
          "cors_allow_origin = *\n"
          "[pipeline:main]\npipeline = catch_errors cache s3api tempauth slo proxy-server\n"
          "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
          f"[filter:tempauth]\nuse = egg:swift#tempauth\n{users}"
          f"[filter:s3api]\nuse = egg:swift#s3api\nlocation = {args.region}\ncors_preflight_allow_origin = *\n"
          f"storage_domain = {args.domain}\n"
          "[filter:slo]\nuse = egg:swift#slo\n"
          f"[filter:catch_errors]\nuse = egg:swift#catch_errors\n"
          f"[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:{ports['memcached']}\n")


def start(args, ports):
    conf = os.path.join(args.dir, "conf")
    os.makedirs(conf, exist_ok=True)
    os.makedirs(os.path.join(args.dir, "devices", "d1"), exist_ok=True)
    write_rings(conf, ports)
    write_configs(conf, args, ports)
    commands = [["memcached", "-l", "127.0.0.1", "-p", str(ports["memcached"]), "-m", "16", "-u", "nobody"]]
    commands += [[sys.executable, "-c", RUN, conf, f"/usr/bin/swift-{name}-server", f"{conf}/{name}.conf"]
                 for name in BACKENDS + ("proxy",)]
    return [subprocess.Popen(c, stdout=subprocess.DEVNULL) for c in commands]


def ask(args, method, path, headers):
    url = f"http://127.0.0.1:{args.port}{path}"
    return urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers), timeout=10)


def check_alive(children):
    if any(c.poll() is not None for c in children):
        raise SystemExit("One of the store's servers has stopped.")


def make_buckets(args, children):
    """Through Swift's own interface, where a bucket's CORS rule can be set too."""
    deadline = time.time() + 300
    while True:
        try:
            reply = ask(args, "GET", "/auth/v1.0", {"X-Auth-User": args.key, "X-Auth-Key": args.secret})
            token = {"X-Auth-Token": reply.headers["X-Auth-Token"]}
            account = "/v1/AUTH_" + args.key.split(":")[0]
            for bucket in args.bucket:
                ask(args, "PUT", f"{account}/{bucket}", {**token, "X-Container-Meta-Access-Control-Allow-Origin": "*",
                    "X-Container-Meta-Access-Control-Expose-Headers": "etag"})
            return
        except OSError as error:
            check_alive(children)
            if time.time() > deadline:
                raise SystemExit(f"The store did not start: {error}")
            time.sleep(0.2)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("dir")
    p.add_argument("--bind", default="127.0.0.1")
    p.add_argument("--port", type=int, default=9000)
    p.add_argument("--region", default="us-east-1")
    p.add_argument("--domain", default="", help="host name under which BUCKET.DOMAIN is served too")
    p.add_argument("--bucket", action="append", default=[])
    p.add_argument("--key", default="logs:demo")
    p.add_argument("--secret", required=True)
    p.add_argument("--guest", nargs=2, action="append", default=[], metavar=("KEY", "SECRET"),
                   help="a user who may do nothing")
    args = p.parse_args()
    args.dir = os.path.abspath(args.dir)
    ports = {name: free_port() for name in BACKENDS + ("memcached",)}
    children = start(args, ports)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        make_buckets(args, children)
        print(f"ready on port {args.port}", flush=True)
        while True:
            check_alive(children)
            time.sleep(0.5)
    finally:
        for c in children:
            c.terminate()
        for c in children:
            c.wait()


if __name__ == "__main__":
    main()
