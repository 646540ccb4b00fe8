"""DuckDB on bills: what was used and what it cost, by usage type. Prints {usage type: [quantity, cost]}."""

import json
import pathlib
import sys

import duckdb

folder, kind = pathlib.Path(sys.argv[1]), sys.argv[2]
TYPES = ["NatGateway-Hours", "NatGateway-Bytes", "VpcEndpoint-Hours", "VpcEndpoint-Bytes", "PublicIPv4:InUseAddress"]
files = sorted(str(path) for path in folder.glob("bill-*"))
connection = duckdb.connect()
connection.execute("SET threads = 2")
# Text as text, so that only the lines that are wanted are parsed as numbers.
source = "read_parquet(?)" if kind == "parquet" else "read_csv(?, header = true, all_varchar = true, delim = ',', quote = '\"')"
wanted = " OR ".join(f"ends_with(line_item_usage_type, '{name}')" for name in TYPES)
rows = connection.execute(
    f"""
    SELECT line_item_usage_type,
           sum(line_item_usage_amount::DECIMAL(28, 10)), sum(line_item_net_unblended_cost::DECIMAL(28, 10))
    FROM {source}
    WHERE line_item_line_item_type IN ('Usage', 'DiscountedUsage') AND ({wanted})
      AND line_item_usage_start_date::TIMESTAMP >= TIMESTAMP '2026-10-01'
      AND line_item_usage_start_date::TIMESTAMP < TIMESTAMP '2026-11-01'
    GROUP BY ALL
    """,
    [files],
).fetchall()
print(json.dumps({name: [str(quantity), str(cost)] for name, quantity, cost in rows}))
