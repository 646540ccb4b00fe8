#!/usr/bin/env python3
"""Packs AWS's ip-ranges.json for src/address: the columns that decide whose an address is, sorted and compressed.

    curl -O https://ip-ranges.amazonaws.com/ip-ranges.json
    python3 tests/tools/ip_ranges.py ip-ranges.json

Writes src/address/ip-ranges.csv.gz: a line `createDate,syncToken,`, then `prefix,region,service` by service and
Region. Nothing but the standard library; the same bytes from the same ranges. The copy that is committed is AWS's
file of 2026-08-22 (syncToken 1787433425).
"""

import gzip
import ipaddress
import json
import pathlib
import sys

PACKED = pathlib.Path(__file__).resolve().parent.parent.parent / "src" / "address" / "ip-ranges.csv.gz"


def main(published):
    ranges = json.loads(pathlib.Path(published).read_bytes())
    prefixes = [(row["ip_prefix"], row) for row in ranges["prefixes"]]
    prefixes += [(row["ipv6_prefix"], row) for row in ranges["ipv6_prefixes"]]
    networks = [(row["service"], row["region"], ipaddress.ip_network(prefix)) for prefix, row in prefixes]
    # Neighbours that look alike compress to half of what the published order does.
    networks.sort(key=lambda it: (it[0], it[1], it[2].version, it[2]))
    lines = [f"{ranges['createDate']},{ranges['syncToken']},"]
    lines += [f"{network},{region},{service}" for service, region, network in networks]
    text = "\n".join(lines) + "\n"
    PACKED.write_bytes(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0))
    print(f"{PACKED.name}: {len(networks)} ranges of {ranges['createDate']}, {PACKED.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
