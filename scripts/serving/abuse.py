#!/usr/bin/env python3
"""Leans on a serving endpoint from outside: 10,000 connections, a gigabyte, slow bytes, half requests.

    python scripts/serving/abuse.py http://127.0.0.1:PORT [--connections 10000]

After each it asks whether the endpoint still answers. Needs no package; `ulimit -n` must be above the number of
connections. Exit status 0 when the endpoint answered after all of it.
"""

import argparse
import resource
import socket
import sys
import time
import urllib.error
import urllib.request

failed = []


def alive(base, after):
    began = time.monotonic()
    last = "no answer"
    # A full endpoint may refuse a connection or two until one that rests has made room.
    for _ in range(50):
        try:
            with urllib.request.urlopen(base + "/v2/health/live", timeout=10) as answer:
                print(f"alive after {after}: {answer.status}, {(time.monotonic() - began) * 1000:.0f} ms")
                return
        except urllib.error.HTTPError as error:
            last = f"{error.code} {error.read().decode(errors='replace')}"
        except OSError as error:
            last = str(error)
        time.sleep(0.1)
    failed.append(f"after {after}: {last}")
    print(f"FAILED {failed[-1]}", file=sys.stderr)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("url")
    arguments.add_argument("--connections", type=int, default=10_000)
    said = arguments.parse_args()
    base = said.url.rstrip("/")
    host, port = base.split("://", 1)[-1].rsplit(":", 1)
    at = (host, int(port))
    head = b"POST /v2/models/sum/infer HTTP/1.1\r\nHost: 127.0.0.1\r\n"

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    open_ones, refused = [], 0
    began = time.monotonic()
    for n in range(said.connections):
        try:
            one = socket.create_connection(at, timeout=5)
            if n % 3 == 0:
                one.sendall(head)
            open_ones.append(one)
        except OSError:
            refused += 1
    print(f"{len(open_ones)} connections in {time.monotonic() - began:.1f} s, {refused} not taken")
    alive(base, f"{said.connections} connections that say nothing")
    for one in open_ones:
        one.close()
    alive(base, "their end")

    with socket.create_connection(at, timeout=10) as one:
        part, sent = b" " * (1 << 20), 0
        one.sendall(head + b"Content-Length: 1073741824\r\n\r\n")
        try:
            while sent < 1 << 30:
                one.sendall(part)
                sent += len(part)
        except OSError:
            pass
        try:
            told = one.recv(300).split(b"\r\n", 1)[0].decode()
        except OSError as error:
            told = str(error)
        print(f"a gigabyte: {sent >> 20} MB were sent, then: {told}")
    alive(base, "a gigabyte")

    for n in range(1000):
        with socket.create_connection(at, timeout=10) as one:
            one.sendall((head + b"Content-Length: 100\r\n\r\n{\"inputs\":[")[: 20 + n % 80])
    alive(base, "1,000 half requests")

    slow = [socket.create_connection(at, timeout=10) for _ in range(200)]
    for byte in head[:40]:
        for one in slow:
            try:
                one.sendall(bytes([byte]))
            except OSError:
                pass
        time.sleep(0.02)
    alive(base, "200 slow callers")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
