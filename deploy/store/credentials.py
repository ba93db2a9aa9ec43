#!/usr/bin/python3
"""Serves credentials as the endpoint of an ECS task does, for trying the server's own side of it.

    credentials.py --port 80 --key logs:demo --secret 0123456789 --life 900
"""
import argparse
import datetime
import http.server
import json


def make_handler(args):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=args.life)
            body = json.dumps({"AccessKeyId": args.key, "SecretAccessKey": args.secret, "Token": args.token,
                               "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bind", default="127.0.0.1")
    p.add_argument("--port", type=int, default=80)
    p.add_argument("--key", default="logs:demo")
    p.add_argument("--secret", required=True)
    p.add_argument("--token", default="a-session-token")
    p.add_argument("--life", type=int, default=900, help="seconds that each answer is good for")
    args = p.parse_args()
    http.server.ThreadingHTTPServer((args.bind, args.port), make_handler(args)).serve_forever()


if __name__ == "__main__":
    main()
