"""A fake Athena that speaks awsJson 1.1, and behind it an engine of its own: sqlglot reads the statement as Athena's
SQL and writes it as DuckDB's, which runs it over the same logs. S3's listing is answered too, for the estimate."""

import gzip
import json
import pathlib
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

import duckdb
import pyarrow
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

INTEGERS = {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp_flags", "traffic_path"}
TEXT = "org.apache.hadoop.mapred.TextInputFormat"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"


def transpile(sql):
    """The statement as DuckDB's, after both of the dialects that Athena could be have read it."""
    sqlglot.parse_one(sql, read="trino")
    [tree] = sqlglot.parse(sql, read="athena")
    # Trino's division of bigints is a whole number, and DuckDB has another sign for that.
    for division in list(tree.find_all(exp.Div)):
        division.replace(exp.IntDiv(this=division.this, expression=division.expression))
    return tree.sql("duckdb")


def check(sql, columns):
    """Every name is one of Trino's scopes, and what is divided are whole numbers: `transpile` takes that for granted."""
    schema = {"logs": {"flow": columns}}
    tree = qualify(sqlglot.parse_one(sql, read="trino"), dialect="trino", schema=schema, validate_qualify_columns=True)
    tree = annotate_types(tree, dialect="trino", schema=schema)
    whole = exp.DataType.INTEGER_TYPES
    divisions = list(tree.find_all(exp.Div))
    assert divisions and all(side.is_type(*whole) for division in divisions for side in (division.left, division.right))


class Table:
    """A table over some files, as Athena sees them: LazySimpleSerDe's lines, or Parquet's columns."""

    def __init__(self, files, fields=None, names=None, kinds=None, partitions=(), parameters=None):
        """`names` are the columns in place of the fields', `kinds` types in place of the usual ones."""
        self.files = [pathlib.Path(file) for file in files]
        self.is_parquet = self.files[0].suffix == ".parquet"
        self.partitions = dict(partitions)
        if self.is_parquet:
            schema = duckdb.sql(f"describe select * from read_parquet('{self.files[0]}')").fetchall()
            fields = [name for name, *_ in schema]
        self.fields = [field.replace("-", "_") for field in fields]
        # No column may be called as a partition is.
        self.names = names or [f"{name}_field" if name in self.partitions else name for name in self.fields]
        kinds = kinds or {}
        self.kinds = [
            kinds.get(name, "bigint" if field in INTEGERS else "string") for name, field in zip(self.names, self.fields)
        ]
        self.parameters = {"inputformat": PARQUET if self.is_parquet else TEXT, **(parameters or {})}
        self.connection = duckdb.connect()
        self.connection.execute("create schema logs")
        self.connection.register("rows", self.rows())
        self.connection.execute('create table logs.flow as select * from rows')

    def metadata(self):
        column = lambda pair: {"Name": pair[0], "Type": pair[1]}
        return {
            "Name": "flow",
            "TableType": "EXTERNAL_TABLE",
            "Columns": [column(pair) for pair in zip(self.names, self.kinds)],
            "PartitionKeys": [column((name, kind)) for name, (kind, _) in self.partitions.items()],
            "Parameters": self.parameters,
        }

    def rows(self):
        columns = {name: [] for name in [*self.names, *self.partitions, "$path"]}
        for file in self.files:
            path = f"s3://logs/{file}"
            records = self.parquet(file) if self.is_parquet else self.lines(file)
            for record in records:
                for name, value in zip(self.names, record):
                    columns[name].append(value)
                for name, (_, value) in self.partitions.items():
                    columns[name].append(value(path))
                columns["$path"].append(path)
        kinds = {**dict(zip(self.names, self.kinds)), **{name: kind for name, (kind, _) in self.partitions.items()}}
        kind = lambda name: pyarrow.int64() if kinds.get(name) in ("int", "bigint") else pyarrow.string()
        return pyarrow.table({name: pyarrow.array(values, kind(name)) for name, values in columns.items()})

    def parquet(self, file):
        return duckdb.sql(f"select * from read_parquet('{file}')").fetchall()

    def lines(self, file):
        data = file.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        for line in data.split(b"\n")[1:]:
            words = line.decode(errors="replace").removesuffix("\r").split(" ")
            record = []
            # Words too many are left out, words too few are null, and what is no number is null as well.
            for index, kind in enumerate(self.kinds):
                word = words[index] if index < len(words) else None
                if kind != "string" and word is not None:
                    number = int(word) if re.fullmatch(r"-?[0-9]+", word) else None
                    word = number if number is not None and abs(number) < 1 << 63 else None
                record.append(word)
            yield record

    def run(self, sql):
        partitions = {name: kind for name, (kind, _) in self.partitions.items()}
        check(sql, {**dict(zip(self.names, self.kinds)), **partitions, "$path": "string"})
        cursor = self.connection.execute(transpile(sql))
        names = [column[0] for column in cursor.description]
        text = lambda value: None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return [names, *[[text(value) for value in row] for row in cursor.fetchall()]]


class Athena:
    """The fake. What it is asked is in `calls`; how it answers can be set."""

    def __init__(self):
        self.calls = []
        self.tables = {}
        self.workgroup = {"State": "ENABLED", "Configuration": {"ResultConfiguration": {"OutputLocation": "s3://results/"}}}
        self.objects = {"logs/AWSLogs/x.log.gz": 1 << 20}
        self.queries = {}
        self.page = 1000
        self.polls = 1
        self.end = {"State": "SUCCEEDED"}
        self.scanned = 12345678
        self.faults = {}
        self.hold = 0
        self.closing = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        for table in self.tables.values():
            if isinstance(table, Table):
                table.connection.close()

    @property
    def environment(self):
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "very-secret-key",
            "AWS_REGION": "us-east-1",
        }

    def names(self):
        return [name for name, _ in self.calls]

    def asked(self, name):
        return [body for called, body in self.calls if called == name]

    def refuse(self, operation, code, message, times=1 << 30):
        self.faults[operation] = [code, message, times]

    def answer(self, operation, body):
        self.calls.append((operation, body))
        fault = self.faults.get(operation)
        if fault and fault[2] > 0:
            fault[2] -= 1
            return 400, {"__type": fault[0], "Message": fault[1], "message": fault[1]}
        try:
            return 200, getattr(self, operation)(body)
        except Exception as error:  # noqa: BLE001 - the program shows it, and the test sees why
            return 400, {"__type": "InvalidRequestException", "Message": f"{type(error).__name__}: {error}"}

    def GetWorkGroup(self, body):
        return {"WorkGroup": {"Name": body["WorkGroup"], **self.workgroup}}

    def GetTableMetadata(self, body):
        table = self.tables[body["TableName"]]
        return {"TableMetadata": table if isinstance(table, dict) else table.metadata()}

    def StartQueryExecution(self, body):
        token = body["ClientRequestToken"]
        assert 32 <= len(token) <= 128, token
        self.queries.setdefault(token, {"polls": self.polls, "sql": body["QueryString"], "rows": None})
        # A query that has begun, while the answer is still on its way.
        held, self.hold = self.hold, 0
        self.closing.wait(held)
        return {"QueryExecutionId": token}

    def GetQueryExecution(self, body):
        query = self.queries[body["QueryExecutionId"]]
        query["polls"] -= 1
        status = {"State": "RUNNING"} if query["polls"] >= 0 else dict(self.end)
        statistics = {"DataScannedInBytes": self.scanned}
        return {"QueryExecution": {"QueryExecutionId": body["QueryExecutionId"], "Status": status, "Statistics": statistics}}

    def GetQueryResults(self, body):
        query = self.queries[body["QueryExecutionId"]]
        if query["rows"] is None:
            query["rows"] = self.tables["flow"].run(query["sql"])
        rows, first = query["rows"], int(body.get("NextToken") or 0)
        size = min(self.page, body["MaxResults"])
        datum = lambda value: {} if value is None else {"VarCharValue": value}
        result = {"Rows": [{"Data": [datum(value) for value in row]} for row in rows[first : first + size]]}
        columns = [{"Name": name, "Type": "varchar"} for name in rows[0]]
        answer = {"UpdateCount": 0, "ResultSet": {**result, "ResultSetMetadata": {"ColumnInfo": columns}}}
        return {**answer, "NextToken": str(first + size)} if first + size < len(rows) else answer

    def StopQueryExecution(self, body):
        self.queries[body["QueryExecutionId"]]["stopped"] = True
        return {}

    def list(self, bucket, prefix, delimiter):
        self.calls.append(("ListObjectsV2", prefix))
        keys = {key.removeprefix(f"{bucket}/"): size for key, size in self.objects.items() if key.startswith(f"{bucket}/")}
        keys = {key: size for key, size in keys.items() if key.startswith(prefix)}
        folders = set()
        if delimiter:
            rest = {key: key[len(prefix) :] for key in keys}
            folders = {prefix + part.split("/")[0] + "/" for part in rest.values() if "/" in part}
            keys = {key: size for key, size in keys.items() if "/" not in rest[key]}
        contents = "".join(f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size></Contents>" for key, size in sorted(keys.items()))
        contents += "".join(f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders))
        head = f"<Name>{bucket}</Name><KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>"
        return f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{head}{contents}</ListBucketResult>'

    def handler(self):
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def send(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service, operation = self.headers["X-Amz-Target"].split(".")
                assert service == "AmazonAthena", service
                status, answer = fake.answer(operation, body)
                self.send(status, "application/x-amz-json-1.1", json.dumps(answer).encode())

            def do_GET(self):
                place = urllib.parse.urlsplit(self.path)
                query = {key: values[0] for key, values in urllib.parse.parse_qs(place.query).items()}
                if "ListObjectsV2" in fake.faults:
                    code, message, _ = fake.faults["ListObjectsV2"]
                    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
                    return self.send(403, "application/xml", error.encode())
                xml = fake.list(place.path.strip("/"), query.get("prefix", ""), query.get("delimiter"))
                self.send(200, "application/xml", xml.encode())

        return Handler


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
