"""What every peer needs: the gateways, the files, the address ranges as disjoint intervals, the truth, the check."""

import ipaddress
import json
import pathlib
import sys
from collections import defaultdict


class Job:
    """One data set and what is asked of it: `full` (legs 1 and 4 by client) or `v2` (legs 2 and 3)."""

    def __init__(self, folder, kind):
        self.folder, self.kind = pathlib.Path(folder), kind
        self.truth = json.loads((self.folder / "truth.json").read_text())
        self.nats = [(nat["eni"], nat["private_ip"]) for nat in self.truth["nat"]]
        self.parquet = kind == "parquet"
        self.v2 = kind == "v2"
        self.glob = str(self.folder / "AWSLogs" / "**" / ("*.parquet" if self.parquet else "*.log.gz"))
        first = next(self.folder.rglob("*.log.parquet" if self.parquet else "*.log.gz"))
        if not self.parquet:
            import gzip

            with gzip.open(first, "rt") as file:
                self.fields = [name.replace("-", "_") for name in file.readline().split()]

    def intervals(self):
        """Ranges as [first, last, class, region], cut so that none overlap; the most specific service wins."""
        document = json.loads((self.folder / "ip-ranges.json").read_text())
        by_net = defaultdict(dict)
        for row in document["prefixes"]:
            net = ipaddress.ip_network(row["ip_prefix"])
            by_net[int(net.network_address), int(net.broadcast_address)][row["service"]] = row["region"]
        order = {"S3": 0, "DYNAMODB": 0, "EC2": 2, "AMAZON": 3}
        cuts, stack = [], []

        def top():
            rows = [(order.get(service, 1), -depth, service, region) for depth, (_, services) in enumerate(stack) for service, region in services.items()]
            if not rows:
                return None
            _, _, service, region = min(rows)
            return ("S3" if service == "S3" else "DYNAMODB" if service == "DYNAMODB" else "AWS", region)

        def cut(at):
            owner = top()
            if cuts and cuts[-1][0] == at:
                cuts.pop()
            if not cuts or cuts[-1][1] != owner:
                cuts.append((at, owner))

        for (first, last), services in sorted(by_net.items(), key=lambda item: (item[0][0], -item[0][1])):
            while stack and stack[-1][0] < first:
                end = stack.pop()[0]
                cut(end + 1)
            stack.append((last, services))
            cut(first)
        while stack:
            end = stack.pop()[0]
            cut(end + 1)
        rows = []
        for (first, owner), (after, _) in zip(cuts, cuts[1:]):
            if owner:
                rows.append((first, after - 1, *owner))
        return rows

    def finish(self, rows):
        """Prints bytes by gateway, class and direction; rows are (eni, class or None, direction, bytes)."""
        sums = defaultdict(int)
        for eni, service, direction, volume in rows:
            sums[f"{eni} {service or 'INTERNET'} {direction}"] += int(volume)
        json.dump({key: volume for key, volume in sorted(sums.items()) if volume}, sys.stdout)
