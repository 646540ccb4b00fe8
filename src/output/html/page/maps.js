// The map of a VPC: subnets by zone, route tables, gateways and endpoints, and what is behind those; from left to
// right as traffic goes.
"use strict";

const ROW = 34;
const BOX = 24;
// Subnets that are drawn one by one; in larger VPCs those of one zone and route table are one box.
const SINGLE_SUBNETS = 24;

// Boxes by column, and arrows between them.
const layOut = (vpc) => {
  const columns = [[], [], [], []];
  const arrows = [];
  const seen = new Set();
  const arrow = (from, to, kind) => {
    const key = `${from} ${to} ${kind}`;
    if (from && to && !seen.has(key)) { seen.add(key); arrows.push({ from, to, kind }); }
  };

  const groups = new Map();
  for (const subnet of vpc.subnets) {
    const key = vpc.subnets.length > SINGLE_SUBNETS ? `${subnet.zone} ${subnet.table}` : subnet.id;
    if (!groups.has(key)) groups.set(key, { zone: subnet.zone, table: subnet.table, subnets: [], id: `group ${key}` });
    groups.get(key).subnets.push(subnet);
  }
  const groupOf = new Map();
  let zone = null;
  for (const group of [...groups.values()].sort((a, b) => a.zone.localeCompare(b.zone))) {
    if (group.zone !== zone) { zone = group.zone; columns[0].push({ heading: zone || "no zone" }); }
    const [first] = group.subnets;
    const label = group.subnets.length === 1 ? first.label : `${group.subnets.length} subnets`;
    const more = group.subnets.map((subnet) => `${subnet.id} ${subnet.cidr}`).slice(0, 12);
    columns[0].push({ id: group.id, label, more, found: group.subnets.some((subnet) => subnet.found), kind: "subnet" });
    group.subnets.forEach((subnet) => groupOf.set(subnet.id, group.id));
    arrow(group.id, group.table, "is");
  }

  const targets = new Set(vpc.gateways.map((gateway) => gateway.id));
  columns[1].push({ heading: "Route tables" });
  for (const table of vpc.tables) {
    const label = table.main ? `${table.label} (main)` : table.label;
    columns[1].push({ id: table.id, label, more: [table.id], found: table.found, kind: "table" });
    for (const [target, gone] of table.targets) if (targets.has(target)) arrow(table.id, target, gone ? "gone" : "is");
  }

  const behind = new Set();
  columns[2].push({ heading: "Gateways and endpoints" });
  for (const gateway of vpc.gateways) {
    columns[2].push({ id: gateway.id, label: gateway.label, more: [gateway.id], found: gateway.found, kind: gateway.kind });
    gateway.tables.forEach((table) => arrow(table, gateway.id, "is"));
    if (gateway.leads_to) { behind.add(gateway.leads_to); arrow(gateway.id, `to ${gateway.leads_to}`, "is"); }
  }
  for (const way of vpc.missing) {
    const to = way.to ?? `missing ${way.service}`;
    if (!way.to && !columns[2].some((box) => box.id === to)) {
      columns[2].push({ id: to, label: `${way.service} endpoint: missing`, more: [`finding ${way.finding}`], kind: "missing" });
      behind.add(way.service);
      arrow(to, `to ${way.service}`, "missing");
    }
    arrow(groupOf.get(way.from) ?? way.from, to, "missing");
  }

  columns[3].push({ heading: "Behind them" });
  for (const name of behind) columns[3].push({ id: `to ${name}`, label: name, more: [], kind: "behind" });
  order(columns, arrows);
  return { columns, arrows };
};

// Puts boxes beside those that arrows join them with, column by column from the left.
const order = (columns, arrows) => {
  for (const column of columns.slice(1)) {
    const before = columns[columns.indexOf(column) - 1];
    const height = new Map(before.map((box, row) => [box.id, row / before.length]));
    const sources = new Map(column.map((box) => [box.id, arrows.filter((arrow) => arrow.to === box.id).map((arrow) => height.get(arrow.from)).filter((row) => row !== undefined)]));
    const middle = (box) => {
      const rows = sources.get(box.id);
      if (box.heading) return -1;
      return rows.length ? rows.reduce((sum, row) => sum + row, 0) / rows.length : 2;
    };
    const middles = new Map(column.map((box) => [box, middle(box)]));
    column.sort((a, b) => middles.get(a) - middles.get(b));
  }
};

const map = (vpc) => (colours, available) => {
  const { columns, arrows } = layOut(vpc);
  const width = Math.max(available, 760);
  const gap = 56;
  const box = (width - 3 * gap - 4) / 4;
  const rows = Math.max(...columns.map((column) => column.length));
  const height = rows * ROW + 8;
  // Shorter columns are spread over the height, below their headings.
  const placeOf = (column, row) => (row === 0 ? 0 : 1 + (row - 0.5) * ((rows - 1) / (column.length - 1)) - 0.5);
  const nodes = [];
  const places = new Map();
  columns.forEach((column, index) => {
    const x = 2 + index * (box + gap);
    column.forEach((each, row) => {
      const y = placeOf(column, row) * ROW + ROW / 2;
      if (each.heading) {
        nodes.push({
          name: `heading ${index} ${row}`, value: [x + box / 2, y + (row ? 6 : 0)], symbolSize: [box, 1], itemStyle: { color: "transparent" }, silent: true,
          label: { show: true, formatter: () => each.heading, position: "inside", color: colours.muted, fontSize: 11, width: box, overflow: "truncate" },
        });
        return;
      }
      const edge = each.found || each.kind === "missing" ? colours.waste : each.kind === "behind" ? colours.line : colours.muted;
      // The box is the label's: a symbol's border would be stretched with it.
      nodes.push({
        name: each.id, value: [x + box / 2, y], symbolSize: [box, BOX], itemStyle: { color: "transparent" }, more: each.more, shown: each.label, kind: each.kind,
        label: {
          show: true, formatter: () => each.label, position: "inside", fontSize: 11, color: each.kind === "missing" ? colours.waste : colours.ink,
          width: box - 14, height: BOX - 2, lineHeight: BOX - 2, padding: [0, 6], align: "center", overflow: "truncate",
          backgroundColor: each.found ? colours.found : colours.surface, borderColor: edge, borderWidth: 1, borderRadius: 2, borderType: each.kind === "missing" ? "dashed" : "solid",
        },
      });
      // Arrows start and end at points on the box's edges.
      for (const [side, at] of [["in", x], ["out", x + box]]) {
        nodes.push({ name: `${side} ${each.id}`, value: [at, y], symbolSize: 0.1, itemStyle: { color: "transparent" }, silent: true, label: { show: false } });
      }
      places.set(each.id, index);
    });
  });
  const links = arrows.filter(({ from, to }) => places.has(from) && places.has(to)).map(({ from, to, kind }) => ({
    source: `out ${from}`, target: `in ${to}`, kind,
    lineStyle: {
      color: kind === "is" ? colours.muted : colours.waste, width: kind === "is" ? 1 : 1.6, opacity: kind === "is" ? 0.75 : 1,
      type: kind === "is" ? "solid" : "dashed",
    },
  }));
  return {
    height,
    description: `Map of ${vpc.label}: ${vpc.subnets.length} subnets, ${vpc.tables.length} route tables, ${vpc.gateways.length} gateways and endpoints, ${vpc.missing.length} missing ways.`,
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    xAxis: { type: "value", min: 0, max: width, show: false },
    yAxis: { type: "value", min: 0, max: height, inverse: true, show: false },
    tooltip: { formatter: (at) => (at.dataType === "node" && at.data.shown ? lines(at.data.shown, at.data.more) : null) },
    series: [{
      type: "graph", coordinateSystem: "cartesian2d", edgeSymbol: ["none", "arrow"], edgeSymbolSize: 6, roam: false,
      data: nodes, links, emphasis: { disabled: true },
    }],
  };
};

// The same as a table, for readers without the picture.
const tabulate = (vpc) => {
  const table = make("table", { class: "sum" }, make("caption", {}, vpc.label));
  const row = (kind, cells) => make("tr", {}, ...cells.map((cell, index) => make(kind ?? (index ? "td" : "th"), kind || !index ? { scope: kind ? "col" : "row" } : {}, cell)));
  const name = new Map([...vpc.tables, ...vpc.gateways].map((each) => [each.id, each.label]));
  const head = make("thead", {}, row("th", ["Subnet", "Zone", "Addresses", "Route table", "Leads to", "Missing"]));
  const body = make("tbody");
  for (const subnet of vpc.subnets) {
    const of = vpc.tables.find((each) => each.id === subnet.table);
    const ways = vpc.gateways.filter((each) => each.tables.includes(subnet.table)).map((each) => each.label);
    const missing = vpc.missing.filter((way) => way.from === subnet.table || way.from === subnet.id).map((way) => way.service);
    const leads = (of?.targets ?? []).map(([id, gone]) => (name.get(id) ?? id) + (gone ? " (gone)" : ""));
    body.append(row(null, [subnet.label, subnet.zone, subnet.cidr, of?.label ?? subnet.table ?? "unknown", [...new Set([...leads, ...ways])].join(", "), missing.join(", ")]));
  }
  table.append(head, body);
  return table;
};

const startMaps = (data, add, choose) => {
  if (!data.vpcs.length) return;
  const place = document.getElementById("map-table");
  const show = (index) => {
    place.replaceChildren(tabulate(data.vpcs[index]));
    return map(data.vpcs[index]);
  };
  const chart = add("chart-map", show(0));
  choose(chart, "VPC", data.vpcs.map((vpc, index) => [String(index), `${vpc.label} · ${vpc.findings} ${vpc.findings === 1 ? "finding" : "findings"}`]), (value) => show(Number(value)));
};
