"""Polars, streaming, with the same staging."""

import sys

import polars as pl

from common import Job

job = Job(*sys.argv[1:3])
rows = job.intervals()
ranges = pl.DataFrame({
    "lo": pl.Series([row[0] for row in rows], dtype=pl.UInt32),
    "hi": pl.Series([row[1] for row in rows], dtype=pl.UInt32),
    "class": [row[2] for row in rows],
    "region": [row[3] for row in rows],
}).sort("lo")
gateways = pl.DataFrame({"interface_id": [eni for eni, _ in job.nats], "own": [own for _, own in job.nats]})
if job.parquet:
    logs = pl.scan_parquet(job.glob)
else:
    logs = pl.scan_csv(
        job.glob,
        separator=" ",
        # The schema names the fields with underscores, the header with hyphens.
        has_header=False,
        skip_rows=1,
        quote_char=None,
        ignore_errors=True,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        schema={name: pl.Int64 if name == "bytes" else pl.String for name in job.fields},
    )
names = ["interface_id", "srcaddr", "dstaddr", "bytes", "action"] + ([] if job.v2 else ["pkt_srcaddr", "pkt_dstaddr"])
enis = [eni for eni, _ in job.nats]
logs = logs.select(names).filter(pl.col("interface_id").is_in(enis) & (pl.col("action") == "ACCEPT"))
logs = logs.join(gateways.lazy(), on="interface_id")
own, source, target = pl.col("own"), pl.col("srcaddr"), pl.col("dstaddr")
if job.v2:
    logs = logs.with_columns(
        peer=pl.when(source == own).then(target).otherwise(source),
        dir=pl.when(source == own).then(pl.lit("upload")).otherwise(pl.lit("download")),
        client=pl.lit(None, pl.String),
    ).filter(~pl.col("peer").str.starts_with("10."))
else:
    into = (target == own) & (pl.col("pkt_dstaddr") != own)
    out = (source == own) & (pl.col("pkt_srcaddr") != own)
    logs = logs.filter(into | out).with_columns(
        peer=pl.when(target == own).then("pkt_dstaddr").otherwise("pkt_srcaddr"),
        client=pl.when(target == own).then("srcaddr").otherwise("dstaddr"),
        dir=pl.when(target == own).then(pl.lit("upload")).otherwise(pl.lit("download")),
    )
grouped = logs.group_by("interface_id", "peer", "client", "dir").agg(pl.col("bytes").sum()).collect(engine="streaming")
part = lambda index: pl.col("peer").str.split(".").list.get(index, null_on_oob=True).cast(pl.UInt32, strict=False)
peers = grouped.select(pl.col("peer").unique()).with_columns(
    ip=(part(0) * 2**24 + part(1) * 2**16 + part(2) * 2**8 + part(3)).cast(pl.UInt32)
).sort("ip")
classes = peers.join_asof(ranges, left_on="ip", right_on="lo").with_columns(
    pl.when(pl.col("ip") <= pl.col("hi")).then(pl.col("class")).alias("class"),
    pl.when(pl.col("ip") <= pl.col("hi")).then(pl.col("region")).alias("region"),
)
result = grouped.join(classes, on="peer").group_by("interface_id", "class", "region", "client", "dir").agg(pl.col("bytes").sum())
job.finish(result.select("interface_id", "class", "dir", "bytes").iter_rows())
