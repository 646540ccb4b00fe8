"""chDB (ClickHouse in a process): lines split by hand, since its CSV does not take a space; ranges by ip_trie."""

import ipaddress
import sys
import tempfile

from chdb import session

from common import Job

job = Job(*sys.argv[1:3])
db = session.Session()
db.query("create database if not exists bench engine = Atomic")
db.query("create table bench.ranges (prefix String, class String, region String) engine = Memory")
rows = []
for first, last, service, region in job.intervals():
    for net in ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last)):
        rows.append(f"('{net}', '{service}', '{region}')")
db.query(f"insert into bench.ranges values {', '.join(rows)}")
db.query(
    "create dictionary bench.owners (prefix String, class String default '', region String default '') primary key prefix "
    "source(clickhouse(db 'bench' table 'ranges')) layout(ip_trie) lifetime(0)"
)
enis = ", ".join(f"'{eni}'" for eni, _ in job.nats)
own = "transform(eni, [" + enis + "], [" + ", ".join(f"'{own}'" for _, own in job.nats) + "])"
if job.parquet:
    source = f"""
        select assumeNotNull(interface_id) eni, srcaddr, dstaddr, pkt_srcaddr ps, pkt_dstaddr pd, bytes b
        from file('{job.glob}', Parquet) where interface_id in ({enis}) and action = 'ACCEPT'"""
else:
    at = {name: index + 1 for index, name in enumerate(job.fields)}
    packet = "" if job.v2 else f", c[{at['pkt_srcaddr']}] ps, c[{at['pkt_dstaddr']}] pd"
    source = f"""
        select c[{at['interface_id']}] eni, c[{at['srcaddr']}] srcaddr, c[{at['dstaddr']}] dstaddr,
               toUInt64OrZero(c[{at['bytes']}]) b {packet}
        from (select splitByChar(' ', line) c from file('{job.glob}', 'LineAsString', 'line String', 'gzip'))
        where length(c) = {len(job.fields)} and eni in ({enis}) and c[{at['action']}] = 'ACCEPT'
          and length(c[{at['bytes']}]) < 19"""
if job.v2:
    legs = "if(srcaddr = own, dstaddr, srcaddr) peer, '' client, if(srcaddr = own, 'upload', 'download') dir"
    where = "not startsWith(peer, '10.')"
else:
    legs = (
        "if(dstaddr = own, pd, ps) peer, if(dstaddr = own, srcaddr, dstaddr) client, "
        "if(dstaddr = own, 'upload', 'download') dir"
    )
    where = "(dstaddr = own and pd != own or srcaddr = own and ps != own)"
grouped = f"select eni, {own} own, {legs}, sum(b) total from ({source}) where {where} group by eni, own, peer, client, dir"
result = db.query(
    f"""select eni, dictGetOrDefault('bench.owners', 'class', toIPv4OrDefault(assumeNotNull(peer)), 'INTERNET') class,
               dictGetOrDefault('bench.owners', 'region', toIPv4OrDefault(assumeNotNull(peer)), '') region,
               client, dir, sum(total) from ({grouped}) group by eni, class, region, client, dir
        settings max_threads = 2""",
    "TSV",
)
lines = (line.split("\t") for line in str(result).splitlines())
job.finish((row[0], row[1], row[4], row[5]) for row in lines)
