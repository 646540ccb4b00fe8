"""A small CloudWatch Logs over the wire: log groups, and Insights queries that are evaluated over their events.

It speaks what natwise does: DescribeLogGroups, StartQuery, GetQueryResults and StopQuery in AWS JSON 1.1, and
CloudWatch's GetMetricData (RPC v2 CBOR) for IncomingBytes. The query language is the part of it that natwise emits,
each command as AWS documents it; answers end at 10,000 rows, and nothing says that they did.
"""

import datetime
import functools
import http.server
import json
import operator
import re
import threading
from collections import defaultdict

import cbor2

MOST_ROWS = 10_000
DEFAULT = (
    "version accountId interfaceId srcAddr dstAddr srcPort dstPort protocol packets bytes startTime endTime action "
    "logStatus"
).split()


class Malformed(Exception):
    """Not a query."""


# ---- the language ---------------------------------------------------------------------------

TOKEN = re.compile(
    r'\s*(?:(?P<text>"[^"]*")|(?P<regex>/(?:[^/\\]|\\.)*/)|(?P<number>\d+)|(?P<word>@?[A-Za-z][A-Za-z0-9.]*)'
    r"|(?P<op><=|>=|!=|=|<|>|-|\(|\)|\[|\]|,))"
)


def tokens(text):
    at, found = 0, []
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if not match:
            raise Malformed(text[at:])
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


@functools.lru_cache(maxsize=None)
def number(value):
    try:
        return int(value)
    except (ValueError, TypeError):
        return None


OPERATORS = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge
}


def compare(op, left, right):
    """Numbers as numbers, everything else as text; what is not there equals nothing."""
    if left is None or right is None:
        return False
    pair = (number(left), number(right))
    if None in pair:
        if op not in ("=", "!="):
            return False
        pair = (str(left), str(right))
    left, right = pair
    return OPERATORS[op](left, right)


@functools.lru_cache(maxsize=None)
def parsed(pattern, message):
    """What the stars of a pattern stand for in a message; None where it does not match."""
    glob = re.compile("(.*?)".join(map(re.escape, pattern.split("*"))) + "$", re.DOTALL)
    match = glob.match(message)
    return match and match.groups()


class Condition:
    """`or` of `and` of comparisons; `in`, `like`, `not like`, subtraction and brackets."""

    def __init__(self, text):
        self.tokens, self.at = tokens(text), 0
        self.holds = self.either()
        if self.at != len(self.tokens):
            raise Malformed(text)

    def peek(self, offset=0):
        return self.tokens[self.at + offset][1] if self.at + offset < len(self.tokens) else None

    def take(self, expected=None):
        if self.at == len(self.tokens) or (expected and self.peek() != expected):
            raise Malformed(f"{self.peek()} instead of {expected}")
        self.at += 1
        return self.tokens[self.at - 1]

    def either(self):
        parts = [self.every()]
        while self.peek() == "or":
            self.take()
            parts.append(self.every())
        return lambda event: any(part(event) for part in parts)

    def every(self):
        parts = [self.one()]
        while self.peek() == "and":
            self.take()
            parts.append(self.one())
        return lambda event: all(part(event) for part in parts)

    def one(self):
        if self.peek() == "(":
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        left = self.difference()
        if self.peek() == "in":
            self.take()
            self.take("[")
            values = [self.take()[1].strip('"')]
            while self.peek() == ",":
                self.take()
                values.append(self.take()[1].strip('"'))
            self.take("]")
            return lambda event: left(event) in values
        negated = self.peek() == "not"
        if negated:
            self.take()
        if self.peek() == "like":
            self.take()
            kind, pattern = self.take()
            if kind != "regex":
                raise Malformed(pattern)
            search = re.compile(pattern[1:-1]).search
            return lambda event: left(event) is not None and bool(search(left(event))) != negated
        op = self.take()[1]
        right = self.difference()
        return lambda event: compare(op, left(event), right(event))

    def difference(self):
        left = self.value()
        if self.peek() != "-":
            return left
        self.take()
        right = self.value()

        def value(event):
            pair = (number(left(event)), number(right(event)))
            return None if None in pair else pair[0] - pair[1]

        return value

    def value(self):
        kind, text = self.take()
        if kind == "text":
            return lambda event: text[1:-1]
        if kind == "number":
            return lambda event: text
        if kind == "word":
            return lambda event: event.get(text)
        raise Malformed(text)


def written(value):
    """Large sums as Insights writes them: 1.2345678E7."""
    if value < 10_000_000:
        return str(value)
    digits = str(value).rstrip("0")
    return f"{digits[0]}.{digits[1:] or '0'}E{len(str(value)) - 1}"


@functools.lru_cache(maxsize=None)
def hour(milliseconds):
    instant = datetime.datetime.fromtimestamp(milliseconds // 3_600_000 * 3600, datetime.timezone.utc)
    return instant.strftime("%Y-%m-%d %H:%M:%S.000")


def evaluate(query, events, discovered):
    """Rows of (field, value) for events of (milliseconds, message)."""
    if len(query) > 10_000:
        raise Malformed("longer than 10,000 characters")
    rows = []
    for time, message in events:
        event = {"@timestamp": time, "@message": message}
        if discovered and len(words := message.split(" ")) == len(DEFAULT):
            event.update(zip(DEFAULT, words))
        rows.append(event)
    limit, shown = MOST_ROWS, None
    for command in query.split("\n| "):
        verb, _, rest = command.partition(" ")
        if verb == "parse":
            pattern, names = re.fullmatch(r'@message "([^"]*)" as (.*)', rest).groups()
            names = names.split(", ")
            if pattern.count("*") != len(names) or len(set(names)) != len(names):
                raise Malformed(command)
            if not all(re.fullmatch(r"[A-Za-z0-9]+", name) for name in names):
                raise Malformed(f"names that need quotes: {names}")
            for event in rows:
                if values := parsed(pattern, event["@message"]):
                    event.update(zip(names, values))
        elif verb == "filter":
            holds = Condition(rest).holds
            rows = [event for event in rows if holds(event)]
        elif verb == "fields":
            shown = rest.split(", ")
        elif verb == "stats":
            rows, shown = stats(rest, rows)
        elif verb == "limit":
            limit = min(limit, int(rest))
        else:
            raise Malformed(command)
    rows = rows[:limit]
    return [
        [{"field": name, "value": str(row[name])} for name in shown or ["@timestamp", "@message"] if row.get(name) is not None]
        for row in rows
    ]


def stats(text, events):
    sums, keys = text.split(" by ")
    keys = keys.split(", ")
    functions = [re.fullmatch(r"(sum|count)\(([A-Za-z*]+)\) as (\w+)", one).groups() for one in sums.split(", ")]
    groups = defaultdict(list)
    for event in events:
        groups[tuple(hour(event["@timestamp"]) if key == "bin(1h)" else event.get(key) for key in keys)].append(event)
    rows = []
    for group, members in groups.items():
        row = dict(zip(keys, group))
        for function, field, name in functions:
            if function == "count":
                row[name] = len(members)
            else:
                row[name] = written(sum(number(member.get(field)) or 0 for member in members))
        rows.append(row)
    return rows, [*keys, *(name for _, _, name in functions)]


# ---- the service ----------------------------------------------------------------------------


class LogsInsights:
    """A running fake with one log group."""

    def __init__(self, group, events, discovered, retention=None):
        self.group, self.events, self.discovered, self.retention = group, sorted(events), discovered, retention
        self.requests, self.queries, self.stopped = [], {}, []
        # Answers to give instead: by operation, (status, code) each once.
        self.faults = defaultdict(list)
        # How queries end; "Running" never does.
        self.ends = "Complete"
        self.incoming = "events"
        self.lock = threading.Lock()
        self.started = threading.Event()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.endswith("/operation/GetMetricData"):
                    status, kind, answer = 200, "application/cbor", cbor2.dumps(fake.metric(cbor2.loads(body)))
                else:
                    operation = self.headers["X-Amz-Target"].split(".")[1]
                    status, answer = fake.call(operation, json.loads(body))
                    kind, answer = "application/x-amz-json-1.1", json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("smithy-protocol", "rpc-v2-cbor")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "very-secret-key",
            "AWS_REGION": "us-east-1",
        }

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def call(self, operation, body):
        with self.lock:
            self.requests.append((operation, body))
            if self.faults[operation]:
                status, code = self.faults[operation].pop(0)
                return status, {"__type": code, "message": "You may not."}
            return getattr(self, operation)(body)

    def of(self, operation):
        return [body for name, body in self.requests if name == operation]

    def DescribeLogGroups(self, body):
        # As AWS does: whatever begins so, which may be another one.
        groups = [{"logGroupName": name, "storedBytes": 5, "creationTime": 0} for name in (self.group, f"{self.group}-2")]
        groups[0].update({"retentionInDays": self.retention} if self.retention else {})
        prefix = body.get("logGroupNamePrefix")
        identifiers = [identifier.split(":log-group:")[-1] for identifier in body.get("logGroupIdentifiers", [])]
        found = [g for g in groups if (prefix and g["logGroupName"].startswith(prefix)) or g["logGroupName"] in identifiers]
        return 200, {"logGroups": found}

    def StartQuery(self, body):
        name = body.get("logGroupName") or body["logGroupIdentifiers"][0].split(":log-group:")[-1]
        if name != self.group:
            return 400, {"__type": "ResourceNotFoundException", "message": "Log group does not exist."}
        running = sum(query["status"] == "Running" for query in self.queries.values())
        if running >= 30:
            return 400, {"__type": "LimitExceededException", "message": "too many"}
        low, high = body["startTime"] * 1000, body["endTime"] * 1000
        events = [event for event in self.events if low <= event[0] <= high]
        try:
            rows = evaluate(body["queryString"], events, self.discovered) if self.ends == "Complete" else []
        except Malformed as error:
            return 400, {"__type": "MalformedQueryException", "message": str(error)}
        identifier = f"query-{len(self.queries) + 1}"
        self.queries[identifier] = {
            "status": "Running",
            "looks": 0,
            "rows": rows,
            "scanned": sum(len(message) for _, message in events),
            "events": len(events),
            "span": body["endTime"] + 1 - body["startTime"],
        }
        self.started.set()
        return 200, {"queryId": identifier}

    def GetQueryResults(self, body):
        query = self.queries[body["queryId"]]
        query["looks"] += 1
        if query["status"] == "Running" and self.ends != "Running":
            # The first of them are seen running.
            if len(self.queries) > 3 or query["looks"] > 1:
                query["status"] = self.ends
        done = query["status"] == "Complete"
        return 200, {
            "status": query["status"],
            "results": query["rows"] if done else query["rows"][:3],
            "statistics": {
                "bytesScanned": float(query["scanned"]),
                "recordsScanned": float(query["events"]),
                "recordsMatched": 1.0,
            },
        }

    def StopQuery(self, body):
        self.stopped.append(body["queryId"])
        self.queries[body["queryId"]]["status"] = "Cancelled"
        return 200, {"success": True}

    def metric(self, body):
        self.requests.append(("GetMetricData", body))
        metric = body["MetricDataQueries"][0]["MetricStat"]["Metric"]
        assert metric["MetricName"] == "IncomingBytes" and metric["Dimensions"] == [
            {"Name": "LogGroupName", "Value": self.group}
        ]
        sums = defaultdict(int)
        if self.incoming == "events":
            for time, message in self.events:
                sums[time // 3_600_000 * 3600] += len(message)
        elif self.incoming:
            sums[int(body["StartTime"].timestamp())] = self.incoming
        low, high = body["StartTime"].timestamp(), body["EndTime"].timestamp()
        points = {at: value for at, value in sums.items() if low <= at < high}
        result = {
            "Id": "m0",
            "StatusCode": "Complete",
            "Timestamps": [cbor2.CBORTag(1, at) for at in points],
            "Values": [float(value) for value in points.values()],
        }
        return {"MetricDataResults": [result], "Messages": []}
