"""The emulated AWS: moto's server, with what natwise needs and moto lacks.

- Today's AWS SDKs for Rust speak Smithy's RPC v2 CBOR to CloudWatch, which moto does not: requests are translated to
  the JSON protocol that moto knows, answers back, by the shapes of botocore's own service model.
- moto stamps what it creates with the present. POST /natwise/created {"id": ..., "created": ...} puts a NAT gateway or
  an endpoint back in time, so that it existed in a window of the past.

Usage: emulator.py --port-file FILE   (serves on a free loopback port and writes its number there)
"""

import argparse
import gzip
import io
import json
import os
import re
from datetime import datetime, timezone

import botocore.session
import cbor2
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

CBOR_PATH = re.compile(r"^/service/(?P<target>[^/]+)/operation/(?P<operation>[^/]+)$")


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

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path == "/natwise/created":
            status, text = created(json.loads(body(environ)))
            start_response(status, [("Content-Type", "text/plain")])
            return [text.encode()]
        match = CBOR_PATH.match(path)
        if match and environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
            return self.cbor(environ, start_response, match["target"], match["operation"])
        return self.moto(environ, start_response)

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
        answer = {}

        def remember(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)
            return lambda data: None

        text = b"".join(self.moto(environ, remember))
        document = json.loads(text or b"{}")
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


def backends():
    return [backend for regions in ec2_backends.values() for backend in list(regions.values())]


def created(wanted):
    """Puts a resource back in time."""
    when = datetime.fromisoformat(wanted["created"].replace("Z", "+00:00")).astimezone(timezone.utc).replace(tzinfo=None)
    for backend in backends():
        gateway = backend.nat_gateways.get(wanted["id"])
        if gateway is not None:
            gateway._created_at = when
            return "200 OK", "done"
        endpoint = backend.vpc_end_points.get(wanted["id"])
        if endpoint is not None:
            endpoint.creation_timestamp = when
            return "200 OK", "done"
    return "404 Not Found", f"there is no {wanted['id']}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    arguments = parser.parse_args()
    server = make_server("127.0.0.1", 0, Emulator(), threaded=True)
    with open(arguments.port_file + ".new", "w") as file:
        file.write(str(server.server_port))
    # The reader sees the whole number or no file.
    os.rename(arguments.port_file + ".new", arguments.port_file)
    server.serve_forever()
