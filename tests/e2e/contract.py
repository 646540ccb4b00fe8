"""What every report must be, written by hand from natwise's contract and not from its code.

A report may have more keys than these: the contract is that it has at least these, of these types.
"""

import json
import re
from datetime import datetime
from decimal import Decimal

# Rule → the bases that its findings may have.
RULES = {
    "missing-gateway-endpoint": {"measured", "measured (partial)", "measured (sampled)", "assumed", "bounded"},
    "gateway-endpoint-not-associated": {"measured", "measured (partial)", "measured (sampled)", "assumed", "bounded"},
    "idle-nat-gateway": {"metered"},
    "cross-az-nat-gateway": {"measured", "measured (partial)", "measured (sampled)", "bounded"},
    "interface-endpoint-pays-off": {"measured", "measured (partial)", "measured (sampled)", "assumed"},
    "idle-interface-endpoint": {"metered"},
    "underused-interface-endpoint": {"measured"},
    "s3-interface-shadows-gateway": {"measured", "bounded"},
    "interface-endpoint-private-dns-off": {"metered", "configuration"},
    "interface-endpoint-single-az": {"configuration"},
    "endpoint-security-group": {"configuration"},
    "endpoint-full-access-policy": {"configuration"},
    "endpoint-not-available": {"configuration"},
    "dns64-through-nat": {"configuration"},
}

number, text, count, flag = "number", "text", "count", "flag"


def optional(kind):
    return ("optional", kind)


MONTHLY = {"current": optional(number), "saving_low": optional(number), "saving_high": optional(number)}
PLACE = {"account_id": text, "region": text, "vpc_id": text}
COSTS = {name: optional(number) for name in ("list_cost", "unblended_cost", "billed_cost", "effective_cost")}
COMPARED = {
    "region": text,
    "usage_type": text,
    "unit": text,
    **{name: optional(number) for name in ("billed_quantity", "computed_quantity", "ratio", "computed_usd")},
    **COSTS,
    "seen": text,
    "reason": optional(text),
}
RECONCILIATION = {
    "bill": {
        "files": [text],
        "forms": [text],
        "payers": [text],
        "currency": optional(text),
        "period": optional({"start": text, "end": text}),
        "covers_window": flag,
        "statistics": {
            name: count for name in ("lines", "counted", "outside_window", "pro_rata", "malformed", "other_files")
        },
        "faults": [{"file": text, "problem": text, "partly_read": flag}],
        "unrecognised": [{"usage_type": text, "lines": count, "quantity": number}],
    },
    "usage": [{**COMPARED, "effective_rate": optional(number)}],
    "resources": [{**COMPARED, "account_id": text, "resource": text}],
    "not_scanned": [{"account_id": text, "region": text, "usage_type": text, "billed_quantity": number, **COSTS}],
    "rates": [{
        "product": text,
        "region": text,
        "usage_type": text,
        "billed_quantity": number,
        "used": flag,
        "reason": optional(text),
        **{name: optional(number) for name in ("effective_cost", "effective_rate", "list_rate", "billed_list_rate", "discount")},
    }],
    "other_lines": [{"class": text, "lines": count, "billed_cost": optional(number), "in_rates": flag}],
    "notes": [text],
}
REPORT = {
    "schema": text,
    "generated_by": text,
    "window": {"start": text, "end": text, "hours": count},
    "scope": {"accounts": [text], "regions": [text], "complete": flag},
    "prices": {"as_of": text, "source": text, "discount": number},
    "totals": {
        "window_usd": {
            name: optional(number)
            for name in ("nat_hours", "nat_data", "endpoint_hours", "endpoint_data", "other", "total")
        },
        "monthly_usd": {"current": number, "saving_low": number, "saving_high": number},
    },
    "nat_gateways": [{
        **PLACE,
        "vpc_id": optional(text),
        "nat_gateway_id": text,
        "name": optional(text),
        "state": text,
        "availability_mode": text,
        "connectivity_type": optional(text),
        "availability_zones": [text],
        "hours": optional(count),
        "bytes": optional({
            "in_from_source": optional(count),
            "in_from_destination": optional(count),
            "out_to_destination": optional(count),
            "out_to_source": optional(count),
            "processed": count,
        }),
        "window_usd": {name: optional(number) for name in ("hours", "data", "addresses", "total")},
        "monthly_usd": optional(number),
        "route_table_ids": [text],
        "subnet_ids": [text],
        "traffic": [{"service": text, "region": optional(text), "bytes": count, "basis": text}],
        "clients": [{
            "account_id": optional(text),
            "vpc_id": optional(text),
            "subnet_id": optional(text),
            "subnet_name": optional(text),
            "availability_zone": optional(text),
            "bytes": count,
            "logged_bytes": count,
            "basis": text,
        }],
    }],
    "endpoints": [{
        **PLACE,
        "vpc_endpoint_id": text,
        "type": text,
        "service_name": text,
        "state": text,
        "availability_zones": [text],
        "hours": optional(count),
        "bytes": optional(count),
        "window_usd": {name: optional(number) for name in ("hours", "data", "total")},
        "monthly_usd": optional(number),
    }],
    "findings": [{
        **PLACE,
        "rule": text,
        "service": optional(text),
        "resources": [text],
        "title": text,
        "detail": text,
        "basis": text,
        "monthly_usd": MONTHLY,
        "remedy": {"kind": text, "commands": [text], "notes": [text]},
    }],
    "reconciliation": optional(RECONCILIATION),
    "skipped": [{"rule": text, "reason": text}],
    "gaps": [{
        "account_id": optional(text),
        "region": optional(text),
        "operation": text,
        "code": text,
        "message": text,
    }],
}


def conforms(value, kind, path="report"):
    """Fails unless the value has the keys and types of this kind."""
    if isinstance(kind, dict):
        assert isinstance(value, dict), f"{path} is not an object: {value!r}"
        missing = kind.keys() - value.keys()
        assert not missing, f"{path} lacks {sorted(missing)}"
        for key, inner in kind.items():
            conforms(value[key], inner, f"{path}.{key}")
    elif isinstance(kind, list):
        assert isinstance(value, list), f"{path} is not an array: {value!r}"
        for index, item in enumerate(value):
            conforms(item, kind[0], f"{path}[{index}]")
    elif isinstance(kind, tuple):
        if value is not None:
            conforms(value, kind[1], path)
    elif kind == number:
        assert isinstance(value, (int, Decimal)) and not isinstance(value, bool), f"{path} is no number: {value!r}"
    elif kind == count:
        assert isinstance(value, int) and not isinstance(value, bool) and value >= 0, f"{path} is no count: {value!r}"
    elif kind == flag:
        assert isinstance(value, bool), f"{path} is not true or false: {value!r}"
    else:
        assert isinstance(value, str), f"{path} is no text: {value!r}"


def check(text):
    """Fails unless this text is a report that keeps the contract."""
    report = json.loads(text, parse_float=Decimal)
    conforms(report, REPORT)
    assert report["schema"] == "natwise.report/1"
    assert re.fullmatch(r"natwise \d+\.\d+\.\d+\S*", report["generated_by"])
    check_window(report["window"])
    check_rounding(report)
    for row in report["nat_gateways"]:
        check_nat_gateway(row)
    for row in report["endpoints"]:
        check_sum(row["window_usd"], "total", "hours", "data")
    for finding in report["findings"]:
        check_finding(finding)
    check_order(report["findings"])
    check_totals(report)
    assert report["scope"]["complete"] == (not report["gaps"])
    assert {skipped["rule"] for skipped in report["skipped"]} <= RULES.keys()


def check_window(window):
    start, end = (datetime.strptime(window[edge], "%Y-%m-%dT%H:%M:%SZ") for edge in ("start", "end"))
    assert (end - start).total_seconds() == window["hours"] * 3600 > 0


def check_rounding(value, path="report"):
    """No figure has more than six decimals."""
    if isinstance(value, dict):
        for key, inner in value.items():
            check_rounding(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_rounding(item, f"{path}[{index}]")
    elif isinstance(value, Decimal):
        assert value == round(value, 6), f"{path} has more than six decimals: {value}"


def check_nat_gateway(row):
    assert row["availability_mode"] in ("zonal", "regional")
    volumes = row["bytes"]
    if volumes is not None:
        assert volumes["processed"] == volumes["in_from_source"] + volumes["in_from_destination"]
        for parts in filter(None, (row["traffic"], row["clients"])):
            if any(part["logged_bytes"] for part in parts):
                assert sum(part["bytes"] for part in parts) == volumes["processed"]
    else:
        # A private gateway, or one outside the window, may cost nothing; unknown bytes never do.
        assert row["window_usd"]["data"] is None or row["hours"] == 0, "bytes are unknown, their cost is not"
    check_sum(row["window_usd"], "total", "hours", "data", "addresses")


def check_sum(money, total, *parts):
    amounts = [money[part] for part in parts]
    if money[total] is None:
        assert None in amounts
    elif None not in amounts:
        close(money[total], sum(amounts))


def check_finding(finding):
    assert finding["rule"] in RULES
    assert finding["basis"] in RULES[finding["rule"]], f"{finding['rule']} cannot be {finding['basis']}"
    assert finding["resources"] and finding["title"] and finding["detail"]
    money = finding["monthly_usd"]
    low, high = money["saving_low"], money["saving_high"]
    assert (low is None) == (high is None)
    if finding["basis"] == "configuration":
        assert low is None
    elif low is not None:
        assert 0 <= low <= high <= money["current"]
        if finding["basis"] == "bounded":
            assert low == 0
        elif finding["basis"] not in ("measured (partial)", "measured (sampled)"):
            assert low == high


def check_order(findings):
    """The most money first, unknown last; then by the names of things."""

    def key(finding):
        money = finding["monthly_usd"]
        by_money = [(value is None, -(value or 0)) for value in (money["saving_high"], money["saving_low"])]
        return by_money, finding["rule"], finding["account_id"], finding["region"], finding["resources"]

    assert [key(finding) for finding in findings] == sorted(key(finding) for finding in findings)


def check_totals(report):
    window, month = report["totals"]["window_usd"], report["totals"]["monthly_usd"]
    gateways = [row["window_usd"] for row in report["nat_gateways"]]
    endpoints = [row["window_usd"] for row in report["endpoints"]]
    parts = {
        "nat_hours": [row["hours"] for row in gateways],
        "nat_data": [row["data"] for row in gateways],
        "other": [row["addresses"] for row in gateways],
        "endpoint_hours": [row["hours"] for row in endpoints],
        "endpoint_data": [row["data"] for row in endpoints],
    }
    for name, amounts in parts.items():
        known = [amount for amount in amounts if amount is not None]
        if known or not amounts:
            close(window[name], sum(known), len(known))
        else:
            assert window[name] is None, f"{name} is unknown everywhere, and not {window[name]}"
    known = [window[name] for name in parts if window[name] is not None]
    close(window["total"] or 0, sum(known), len(known))
    assert 0 <= month["saving_low"] <= month["saving_high"] <= month["current"]


def close(figure, exact, terms=3):
    """Equal but for the rounding of the terms that it is the sum of."""
    assert abs(Decimal(figure) - Decimal(exact)) <= Decimal("0.0000005") * (terms + 1), f"{figure} is not {exact}"
