#!/usr/bin/env python3
"""Renews the sample in README.md from what `natwise audit --demo` prints; a test holds that the two agree.

Usage: cargo build && python3 tests/tools/readme_sample.py
"""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENDS = re.compile(r"<!-- sample -->.*?<!-- end of sample -->", re.S)
CUT = "[...]"


def main():
    output = subprocess.run(
        [ROOT / "target" / "debug" / "natwise", "audit", "--demo"],
        env={"PATH": os.environ["PATH"], "COLUMNS": "92"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    blocks = [[line.rstrip() for line in block.split("\n")] for block in output.rstrip("\n").split("\n\n")]
    starting = lambda text: next(block for block in blocks if block[0].startswith(text))
    about = lambda rule: next(block for block in blocks if rule in block[0])
    sample = [
        *blocks[:2],
        [*starting("NAT gateways,")[:10], CUT],
        [*starting("Endpoints:")[:16], CUT],
        starting("Findings"),
        about("missing-gateway-endpoint"),
        [*about("gateway-endpoint-not-associated")[:8], CUT],
        about("idle-nat-gateway"),
        [*about("underused-interface-endpoint")[:6], CUT],
    ]
    text = "\n\n".join("\n".join(block) for block in sample)
    readme = ROOT / "README.md"
    renewed = ENDS.sub(lambda _: f"<!-- sample -->\n```text\n{text}\n```\n<!-- end of sample -->", readme.read_text())
    readme.write_text(renewed)


if __name__ == "__main__":
    main()
