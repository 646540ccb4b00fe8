"""DuckDB, staged as an expert would: aggregate by address first, then one ASOF join over the distinct ones."""

import sys

import duckdb

from common import Job

job = Job(*sys.argv[1:3])
db = duckdb.connect(config={"threads": 2})
db.execute("create table intervals(lo uinteger, hi uinteger, class varchar, region varchar)")
import pyarrow as pa

rows = job.intervals()
ranges = pa.table({
    "lo": pa.array([row[0] for row in rows], pa.uint32()),
    "hi": pa.array([row[1] for row in rows], pa.uint32()),
    "class": [row[2] for row in rows],
    "region": [row[3] for row in rows],
})
db.execute("insert into intervals select * from ranges order by lo")
gateways = pa.table({"eni": [eni for eni, _ in job.nats], "own": [own for _, own in job.nats]})
if job.parquet:
    source = f"read_parquet('{job.glob}')"
else:
    columns = ", ".join(f"'{name}': '{'BIGINT' if name == 'bytes' else 'VARCHAR'}'" for name in job.fields)
    source = (
        f"read_csv('{job.glob}', delim=' ', header=true, quote='', escape='', nullstr='-', ignore_errors=true, "
        f"auto_detect=false, columns={{{columns}}})"
    )
if job.v2:
    # Legs 2 and 3: the side that is not the gateway, when it is no client of the VPC (10/8 in these logs).
    # One reading, four groups: by the pair of addresses.
    grouped = f"""
        select interface_id eni, case when srcaddr = own then dstaddr else srcaddr end peer, null client,
               case when srcaddr = own then 'upload' else 'download' end dir, sum(bytes) b
        from {source} join gateways on interface_id = eni
        where action = 'ACCEPT' and case when srcaddr = own then dstaddr else srcaddr end not like '10.%'
        group by all"""
else:
    grouped = f"""
        select interface_id eni, case when dstaddr = own then pkt_dstaddr else pkt_srcaddr end peer,
               case when dstaddr = own then srcaddr else dstaddr end client,
               case when dstaddr = own then 'upload' else 'download' end dir, sum(bytes) b
        from {source} join gateways on interface_id = eni
        where action = 'ACCEPT' and (dstaddr = own and pkt_dstaddr <> own or srcaddr = own and pkt_srcaddr <> own)
        group by all"""
db.execute(f"create temp table g as {grouped}")
db.execute("""
    create temp table p as
    select peer, (split_part(peer, '.', 1)::uinteger << 24) + (split_part(peer, '.', 2)::uinteger << 16)
                 + (split_part(peer, '.', 3)::uinteger << 8) + split_part(peer, '.', 4)::uinteger ip
    from (select distinct peer from g)""")
db.execute("""
    create temp table c as
    select peer, case when ip <= hi then class end class, case when ip <= hi then region end region
    from p asof left join intervals on p.ip >= intervals.lo""")
result = db.execute("""
    select eni, class, region, client, dir, sum(b) b from g join c using (peer) group by all""").fetchall()
job.finish((eni, service, direction, volume) for eni, service, _, _, direction, volume in result)
