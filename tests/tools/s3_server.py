#!/usr/bin/env python3
"""Serves folders as S3 buckets: HeadBucket, ListObjectsV2 and GetObject with ranges, for tests and benchmarks.

    s3_server.py ROOT [--cut N] [--stuck] [--checksum right|wrong] [--latency MS]

ROOT/BUCKET/KEY is an object; an entry of ROOT is a bucket. Listens on a free loopback port, prints it, and ends when its
standard input is closed. With --cut the first N answers of each object break off in the middle of what is left of it;
with --stuck no answer goes beyond the middle of the object. With --checksum every answer tells one: the whole object's.
GET /-/requests has the requests for objects, as JSON: [[key, range], ...]. Signatures are not looked at.
"""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PAGE = 1000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def log_message(self, *args):
        pass

    def plain(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def error(self, status, code):
        self.plain(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def do_HEAD(self):
        bucket = unquote(urlsplit(self.path).path).strip("/")
        self.send_response(200 if (self.server.root / bucket).is_dir() else 404)
        self.send_header("x-amz-bucket-region", "us-east-1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/-/requests":
            return self.plain(200, json.dumps(self.server.requests).encode())
        time.sleep(self.server.latency)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        return self.object(bucket, key) if key else self.list(bucket, parse_qs(url.query))

    def list(self, bucket, query):
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        after = query.get("continuation-token", [""])[0]
        lines, last, count = [], "", 0
        for key, size, etag in self.server.keys(bucket):
            if not key.startswith(prefix):
                continue
            slash = key.find("/", len(prefix)) if delimiter else -1
            entry = key[: slash + 1] if slash >= 0 else key
            if entry <= after or entry == last:
                continue
            if count == PAGE:
                lines.append(f"<NextContinuationToken>{escape(last)}</NextContinuationToken>")
                break
            last, count = entry, count + 1
            if slash >= 0:
                lines.append(f"<CommonPrefixes><Prefix>{escape(entry)}</Prefix></CommonPrefixes>")
            else:
                tag = escape(etag, {'"': "&quot;"})
                lines.append(f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size><ETag>{tag}</ETag></Contents>")
        more = "true" if lines and lines[-1].startswith("<Next") else "false"
        text = f"<ListBucketResult><IsTruncated>{more}</IsTruncated>{''.join(lines)}</ListBucketResult>"
        self.plain(200, text.encode(), Content_Type="application/xml")

    def object(self, bucket, key):
        path = self.server.root / bucket / key
        if not path.is_file():
            return self.error(404, "NoSuchKey")
        size, etag = path.stat().st_size, self.server.etag(path)
        if self.headers.get("If-Match", etag) != etag:
            return self.error(412, "PreconditionFailed")
        wanted = self.headers.get("Range")
        first = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        with self.server.lock:
            self.server.requests.append([key, wanted])
            answers = self.server.answers[key] = self.server.answers.get(key, 0) + 1
        left = size - first
        send = left // 2 if answers <= self.server.cut else left
        if self.server.stuck:
            send = max(0, size // 2 - first)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        self.send_header("ETag", etag)
        if self.server.checksum:
            crc = zlib.crc32(path.read_bytes()) ^ (self.server.checksum == "wrong")
            self.send_header("x-amz-checksum-crc32", base64.b64encode(crc.to_bytes(4, "big")).decode())
        self.send_header("Content-Length", str(left))
        self.end_headers()
        self.wfile.flush()
        with open(path, "rb") as file:
            self.connection.settimeout(60)
            if send:
                self.connection.sendfile(file, first, send)
        if send < left:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, root, cut, stuck, checksum, latency):
        super().__init__(("127.0.0.1", 0), Handler)
        self.root, self.cut, self.stuck, self.checksum, self.latency = root, cut, stuck, checksum, latency / 1000
        self.requests, self.answers, self.lock = [], {}, threading.Lock()
        self.listed = {}

    def etag(self, path):
        return '"' + hashlib.md5(str(path.relative_to(self.root)).encode()).hexdigest() + '"'

    def keys(self, bucket):
        with self.lock:
            if bucket not in self.listed:
                top = self.root / bucket
                paths = [path for path in top.rglob("*") if path.is_file()]
                entries = [(path.relative_to(top).as_posix(), path.stat().st_size, self.etag(path)) for path in paths]
                self.listed[bucket] = sorted(entries)
            return self.listed[bucket]


def end_with_standard_input():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--cut", type=int, default=0)
    parser.add_argument("--stuck", action="store_true")
    parser.add_argument("--checksum", choices=("right", "wrong"))
    parser.add_argument("--latency", type=float, default=0)
    arguments = parser.parse_args()
    server = Server(arguments.root.resolve(), arguments.cut, arguments.stuck, arguments.checksum, arguments.latency)
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()
