"""What the emulated AWS needs for S3, in front of moto.

- moto answers for every bucket from every Region; S3 redirects, and says in a header where the bucket is.
- moto lets requesters-pay buckets be read by whoever asks; S3 refuses them to who does not say that he pays.
- Requests are noted, so that a test can count them: GET /natwise/s3 has them as JSON, {"operation", "key", "range", ...}.
"""

import json
import os
import re
from urllib.parse import parse_qs, unquote

# Whoever may not read another account's bucket is refused, as in AWS. Read when moto answers.
os.environ["MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS"] = "false"

from moto.s3.models import s3_backends  # noqa: E402

SIGNED_FOR = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/s3/")


class Requests:
    """What was asked of S3."""

    def __init__(self):
        self.noted = []

    def note(self, environ):
        """The request, if it is one for S3 by the program."""
        signed = SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not signed or "natwise" not in environ.get("HTTP_USER_AGENT", ""):
            return None
        bucket, _, key = unquote(environ.get("PATH_INFO", "/")).lstrip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        method = environ["REQUEST_METHOD"]
        if key:
            operation = {"GET": "GetObject", "HEAD": "HeadObject"}.get(method, method)
        else:
            operation = {"GET": "ListObjectsV2", "HEAD": "HeadBucket"}.get(method, method)
        request = {
            "operation": operation,
            "region": signed["region"],
            "bucket": bucket,
            "key": key,
            "prefix": query.get("prefix", ""),
            "delimiter": query.get("delimiter"),
            "range": environ.get("HTTP_RANGE"),
            "payer": environ.get("HTTP_X_AMZ_REQUEST_PAYER"),
        }
        self.noted.append(request)
        return request

    def answer(self, start_response):
        text = json.dumps(self.noted).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
        return [text]

    def refusal(self, request):
        """How AWS refuses what moto would answer: status, code, message and headers."""
        found = None
        for backends in list(s3_backends.values()):
            for backend in list(backends.values()):
                found = backend.buckets.get(request["bucket"], found)
        if found is None:
            return None
        if found.region_name != request["region"]:
            where = [("x-amz-bucket-region", found.region_name)]
            return "301 Moved Permanently", "PermanentRedirect", "Use another endpoint.", where
        if found.payer == "Requester" and request["payer"] != "requester" and request["operation"] != "HeadBucket":
            return "403 Forbidden", "AccessDenied", "Requester pays.", []
        return None


def refuse(start_response, request, status, code, message, headers=()):
    """S3's form of an error. An answer to HEAD has none."""
    text = f"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    if request["operation"].startswith("Head"):
        text = b""
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(text))), *headers])
    return [text]
