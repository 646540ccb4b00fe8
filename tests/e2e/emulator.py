"""The emulated AWS: moto's server, with what natwise needs and moto lacks.

- Today's AWS SDKs for Rust speak Smithy's RPC v2 CBOR to CloudWatch, which moto does not: requests are translated to
  the JSON protocol that moto knows, answers back, by the shapes of botocore's own service model.
- moto stamps what it creates with the present, and keeps no time of deletion. POST /natwise/times {"id": ...,
  "created": ..., "deleted": ...} puts a NAT gateway or an endpoint back in time, so that it existed in a window of the
  past; "deleted" is for gateways and may be left out.
- moto refuses nothing. POST /natwise/faults {"operation": ..., "region": ..., "status": ..., "code": ..., "message": ...}
  makes an operation fail in that way until the next reset, in that Region; "*" is every operation, or every Region.

Usage: emulator.py   Serves on a free loopback port, whose number it prints, until its standard input is closed: it ends
with whoever started it, however that ended.
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
import emulator_s3
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

CBOR_PATH = re.compile(r"^/service/(?P<target>[^/]+)/operation/(?P<operation>[^/]+)$")
SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/")


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
    """What JSON decoded to, as CBOR must have it: times tagged, floats as floats, nothing unknown."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure":
        known = {key: item for key, item in value.items() if item is not None and key in shape.members}
        return {key: shaped(item, shape.members[key]) for key, item in known.items()}
    if kind == "list":
        return [shaped(item, shape.member) for item in value]
    if kind == "map":
        return {key: shaped(item, shape.value) for key, item in value.items()}
    if kind == "timestamp":
        if isinstance(value, str):
            value = datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
        return cbor2.CBORTag(1, float(value))
    return float(value) if kind in ("double", "float") else value


class Emulator:
    """The WSGI application."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        cloudwatch = botocore.session.get_session().get_service_model("cloudwatch")
        self.models = {cloudwatch.metadata["targetPrefix"]: cloudwatch}
        self.faults = []
        self.s3 = emulator_s3.Requests()

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path == "/moto-api/reset":
            self.faults.clear()
            self.s3.noted.clear()
        if path == "/natwise/s3":
            return self.s3.answer(start_response)
        own = {"/natwise/times": set_times, "/natwise/faults": self.add_fault}.get(path)
        if own:
            status, text = own(json.loads(body(environ)))
            start_response(status, [("Content-Type", "text/plain")])
            return [text.encode()]
        if request := self.s3.note(environ):
            if fault := self.fault(environ, request["operation"]):
                fault = (fault["status"], fault["code"], escape(fault["message"]))
            if refusal := fault or self.s3.refusal(request):
                return emulator_s3.refuse(start_response, request, *refusal)
            return self.moto(environ, start_response)
        match = CBOR_PATH.match(path)
        if match and environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
            return self.cbor(environ, start_response, match["target"], match["operation"])
        if environ["REQUEST_METHOD"] == "POST" and self.faults:
            text = body(environ)
            environ["wsgi.input"] = io.BytesIO(text)
            request = {name: values[0] for name, values in parse_qs(text.decode("utf-8", "replace")).items()}
            if fault := self.fault(environ, request.get("Action")):
                return refuse(start_response, fault, request)
        return self.moto(environ, start_response)

    def add_fault(self, fault):
        self.faults.append(fault)
        return "200 OK", "noted"

    def fault(self, environ, operation):
        signed = SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", ""))
        region = signed["region"] if signed else ""
        for fault in self.faults:
            if fault["operation"] in (operation, "*") and fault["region"] in (region, "*"):
                return fault
        return None

    def cbor(self, environ, start_response, target, operation):
        model = self.models[target]
        raw = body(environ)
        if environ.pop("HTTP_CONTENT_ENCODING", "") == "gzip":
            raw = gzip.decompress(raw)
        request = json.dumps(plain(cbor2.loads(raw)) if raw else {}).encode()
        for header in ("HTTP_SMITHY_PROTOCOL", "HTTP_ACCEPT"):
            environ.pop(header, None)
        environ.update(
            {
                "PATH_INFO": "/",
                "RAW_URI": "/",
                "REQUEST_URI": "/",
                "CONTENT_TYPE": "application/x-amz-json-1.0",
                "CONTENT_LENGTH": str(len(request)),
                "HTTP_X_AMZ_TARGET": f"{target}.{operation}",
                "wsgi.input": io.BytesIO(request),
            }
        )
        answer = {"headers": []}

        def remember(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)
            return lambda data: None

        if fault := self.fault(environ, operation):
            answer["status"] = fault["status"]
            document = {"__type": fault["code"], "message": fault["message"]}
        else:
            document = json.loads(b"".join(self.moto(environ, remember)) or b"{}")
        if answer["status"].startswith("2"):
            shape = model.operation_model(operation).output_shape
            document = shaped(document, shape) if shape else {}
        else:
            message = document.get("message") or document.get("Message") or ""
            document = {"__type": str(document.get("__type", "InternalFailure")), "message": str(message)}
        payload = cbor2.dumps(document)
        headers = [(k, v) for k, v in answer["headers"] if k.lower() not in ("content-type", "content-length")]
        headers += [
            ("Content-Type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
            ("Content-Length", str(len(payload))),
        ]
        start_response(answer["status"], headers)
        return [payload]


def body(environ):
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def refuse(start_response, fault, request):
    error = f"<Error><Code>{escape(fault['code'])}</Code><Message>{escape(fault['message'])}</Message></Error>"
    if request.get("Version") == "2016-11-15":  # EC2 has a form of its own
        text = f"<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>"
    else:
        text = f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"
    start_response(fault["status"], [("Content-Type", "text/xml"), ("Content-Length", str(len(text.encode())))])
    return [text.encode()]


def set_times(wanted):
    """Puts a resource where it belongs in time."""
    times = {
        key: datetime.fromisoformat(wanted[key]).astimezone(timezone.utc).replace(tzinfo=None)
        for key in ("created", "deleted")
        if key in wanted
    }
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            gateway = backend.nat_gateways.get(wanted["id"])
            if gateway is not None:
                gateway._created_at = times["created"]
                if "deleted" in times:
                    gateway.state = "deleted"
                    # moto writes an answer's members from attributes of their name.
                    gateway.delete_time = times["deleted"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
                return "200 OK", "done"
            endpoint = backend.vpc_end_points.get(wanted["id"])
            if endpoint is not None:
                endpoint.creation_timestamp = times["created"]
                return "200 OK", "done"
    return "404 Not Found", f"there is no {wanted['id']}"


def end_with_standard_input():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, Emulator(), threaded=True)
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()
