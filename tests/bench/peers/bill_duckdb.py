"""DuckDB on bills: what was used and what it cost, by account, usage type, resource and type of line, as natwise keeps
it. Prints the usage of these by usage type: {usage type: [quantity, cost]}."""

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
    SELECT line_item_usage_account_id, line_item_usage_type, line_item_resource_id, line_item_line_item_type,
           sum(line_item_usage_amount::DECIMAL(28, 10)), sum(line_item_net_unblended_cost::DECIMAL(28, 10)),
           sum(line_item_unblended_cost::DECIMAL(28, 10)), sum(pricing_public_on_demand_cost::DECIMAL(28, 10))
    FROM {source}
    WHERE ({wanted})
      AND line_item_usage_start_date::TIMESTAMP >= TIMESTAMP '2026-10-01'
      AND line_item_usage_start_date::TIMESTAMP < TIMESTAMP '2026-11-01'
    GROUP BY ALL
    """,
    [files],
).fetchall()
sums = {}
for _, name, _, kind_of_line, quantity, cost, *_ in rows:
    if kind_of_line in ("Usage", "DiscountedUsage"):
        before = sums.get(name, (0, 0))
        sums[name] = before[0] + quantity, before[1] + cost
print(json.dumps({name: [str(quantity), str(cost)] for name, (quantity, cost) in sums.items()}))
