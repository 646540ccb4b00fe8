#!/usr/bin/env python3
"""Writes tests/e2e/data/terraform-aws.json: the arguments of the Terraform resources that natwise writes.

They come from the type declarations that the npm package @cdktf/provider-aws generates from the provider's own schema.
Usage: npm pack @cdktf/provider-aws@VERSION && tar xzf *.tgz && terraform_arguments.py package > tests/e2e/data/terraform-aws.json
"""

import json
import pathlib
import re
import sys

RESOURCES = (
    "vpc-endpoint",
    "vpc-endpoint-route-table-association",
    "vpc-endpoint-subnet-association",
    "vpc-endpoint-private-dns",
    "vpc-endpoint-policy",
    "vpc-security-group-ingress-rule",
    "security-group",
    "route",
    "provider",
)
KINDS = {"string": "string", "number": "number", "boolean | cdktf.IResolvable": "bool", "string[]": "list"}


def interface(text, name):
    """The members of one interface: (argument as Terraform names it, whether it may be left out, its type)."""
    body = re.search(r"export interface " + name + r"\b[^{]*\{\n(.*?)\n\}\n", text, re.S).group(1)
    for found in re.finditer(r"#(\w+) \w+#\w+\}(?:(?!readonly).)*?readonly (\w+)(\??): ([^;]+);", body, re.S):
        yield found.group(1), bool(found.group(3)), found.group(4)


def main():
    package = pathlib.Path(sys.argv[1])
    version = json.loads((package / "package.json").read_text())["version"]
    result, provider = {}, None
    for folder in RESOURCES:
        text = (package / "lib" / folder / "index.d.ts").read_text()
        provider = provider or re.search(r"hashicorp/aws/([\d.]+)/", text).group(1)
        config = re.search(r"export interface (\w+Config)\b", text).group(1)
        arguments = {}
        for name, optional, kind in interface(text, config):
            nested = re.match(r"(?:\w+)$|(\w+)\[\]", kind)
            kind = KINDS.get(kind) or ("map" if kind.startswith("{") else "block" if nested else kind)
            arguments[name] = {"type": kind, "required": not optional}
        result["provider" if folder == "provider" else "aws_" + folder.replace("-", "_")] = arguments
    source = f"npm @cdktf/provider-aws {version}, made from hashicorp/aws {provider}"
    json.dump({"source": source, "arguments": result}, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
