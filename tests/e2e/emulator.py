"""The emulated AWS: moto's server on a free loopback port, with what natwise's tests need and moto lacks.

- Today's AWS SDK for Rust speaks Smithy's RPC v2 CBOR to CloudWatch, which moto does not: requests are translated to
  the JSON protocol that moto knows and answers back, by the shapes of botocore's own service model.
- moto stamps what it makes with the present. POST /bridge/times {"id": …, "created": …, "deleted": …} puts a NAT
  gateway or an endpoint where it belongs in time; either time may be left out.
- moto never refuses. POST /bridge/faults {"access_key": …, "operation": …, "status": …, "code": …, "message": …} makes
  it answer with that error to that caller from then on; the operation "*" is every one.

Usage: emulator.py   Prints its port on standard output, then serves until its standard input is closed: it ends with
whoever started it, however that ended.
"""

import gzip
import io
import json
import os
import re
import sys
import threading
from datetime import datetime, timezone
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import botocore.session
import cbor2
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

CBOR_PATH = re.compile(r"/service/(?P<target>[^/]+)/operation/(?P<operation>[^/]+)")
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/")


class Emulator:
    """The WSGI application around moto's."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        model = botocore.session.get_session().get_service_model("cloudwatch")
        self.models = {model.metadata["targetPrefix"]: model}
        self.faults = {}

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path == "/bridge/times":
            return reply(start_response, *set_times(json.loads(body(environ))))
        if path == "/bridge/faults":
            fault = json.loads(body(environ))
            self.faults[fault["access_key"], fault["operation"]] = fault
            return reply(start_response, "200 OK", "noted")
        cbor = CBOR_PATH.fullmatch(path)
        if cbor:
            return self.over_cbor(environ, start_response, cbor["target"], cbor["operation"])
        if environ["REQUEST_METHOD"] == "POST" and not path.startswith("/moto-api"):
            text = body(environ)
            environ["wsgi.input"] = io.BytesIO(text)
            request = parse_qs(text.decode("utf-8", "replace"))
            fault = self.fault(environ, request.get("Action", [""])[0])
            if fault:
                return refuse_with_xml(start_response, fault, request)
        return self.moto(environ, start_response)

    def fault(self, environ, operation):
        signed = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        key = signed["key"] if signed else ""
        return self.faults.get((key, operation)) or self.faults.get((key, "*"))

    def over_cbor(self, environ, start_response, target, operation):
        model = self.models[target]
        raw = body(environ)
        if environ.pop("HTTP_CONTENT_ENCODING", "") == "gzip":
            raw = gzip.decompress(raw)
        fault = self.fault(environ, operation)
        if fault:
            status, headers = fault["status"], []
            document = {"__type": fault["code"], "message": fault["message"]}
        else:
            status, headers, document = self.as_json(environ, target, operation, cbor2.loads(raw) if raw else {})
            if status.startswith("2"):
                shape = model.operation_model(operation).output_shape
                document = shaped(document, shape) if shape else {}
            else:
                message = document.get("message") or document.get("Message") or ""
                document = {"__type": str(document.get("__type", "InternalFailure")), "message": str(message)}
        payload = cbor2.dumps(document)
        headers = [(name, value) for name, value in headers if name.lower() not in ("content-type", "content-length")]
        headers += [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        start_response(status, headers + [("Content-Length", str(len(payload)))])
        return [payload]

    def as_json(self, environ, target, operation, request):
        """The same request to moto in the JSON protocol."""
        text = json.dumps(plain(request)).encode()
        for header in ("HTTP_SMITHY_PROTOCOL", "HTTP_ACCEPT"):
            environ.pop(header, None)
        environ.update({
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "REQUEST_URI": "/",
            "CONTENT_TYPE": "application/x-amz-json-1.0",
            "CONTENT_LENGTH": str(len(text)),
            "HTTP_X_AMZ_TARGET": target + "." + operation,
            "wsgi.input": io.BytesIO(text),
        })
        answer = {}

        def remember(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)
            return lambda data: None

        text = b"".join(self.moto(environ, remember))
        return answer["status"], answer["headers"], json.loads(text or b"{}")


def body(environ):
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def reply(start_response, status, text, content_type="text/plain"):
    payload = text.encode()
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(payload)))])
    return [payload]


def refuse_with_xml(start_response, fault, request):
    error = f"<Error><Code>{escape(fault['code'])}</Code><Message>{escape(fault['message'])}</Message></Error>"
    if "2016-11-15" in request.get("Version", ()):  # EC2's form
        text = f"<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>"
    else:
        text = f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"
    return reply(start_response, fault["status"], text, "text/xml")


def plain(value):
    """What CBOR decoded to, as JSON can write it: times as seconds since the epoch."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def shaped(value, shape):
    """What JSON decoded to, as CBOR must have it: times tagged, floats as floats, nothing that the model lacks."""
    kind = shape.type_name
    if kind == "structure":
        known = {key: item for key, item in value.items() if item is not None and key in shape.members}
        return {key: shaped(item, shape.members[key]) for key, item in known.items()}
    if kind == "list":
        return [shaped(item, shape.member) for item in value]
    if kind == "map":
        return {key: shaped(item, shape.value) for key, item in value.items()}
    if kind == "timestamp":
        seconds = instant(value).timestamp() if isinstance(value, str) else value
        return cbor2.CBORTag(1, float(seconds))
    return float(value) if kind in ("double", "float") else value


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def set_times(wanted):
    times = {
        key: instant(wanted[key]).astimezone(timezone.utc).replace(tzinfo=None)
        for key in ("created", "deleted")
        if key in wanted
    }
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            gateway = backend.nat_gateways.get(wanted["id"])
            if gateway is not None:
                if "created" in times:
                    gateway._created_at = times["created"]
                if "deleted" in times:
                    gateway.state = "deleted"
                    # Answers are written by the model's member names, in snake case.
                    gateway.delete_time = times["deleted"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
                return "200 OK", "done"
            endpoint = backend.vpc_end_points.get(wanted["id"])
            if endpoint is not None:
                endpoint.creation_timestamp = times["created"]
                return "200 OK", "done"
    return "404 Not Found", "there is no " + wanted["id"]


class QuietHandler(WSGIRequestHandler):
    """Logs errors only: one line a request would be thousands."""

    def log_request(self, code="-", size="-"):
        pass


def end_with_standard_input():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, Emulator(), threaded=True, request_handler=QuietHandler)
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()
