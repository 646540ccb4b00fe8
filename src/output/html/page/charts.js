// Charts, drawn by ECharts as SVG. Colours are the style sheet's, so that they follow light, dark and paper.
"use strict";

const GB = 2 ** 30;
const HOUR = 3600e3;

const money = (usd) => usd.toLocaleString("en-US", { style: "currency", currency: "USD" });
const shortMoney = (usd) => usd.toLocaleString("en-US", { style: "currency", currency: "USD", maximumFractionDigits: usd >= 100 || usd === 0 ? 0 : 2 });
const gigabytes = (value) => {
  if (value == null) return "no data";
  const digits = value >= 100 ? 0 : value >= 1 ? 1 : 3;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: digits })} GB`;
};
const range = (low, high) => (Math.abs(high - low) < 0.005 ? money(high) : `${money(low)} to ${money(high)}`);

// The style sheet's colours as they are now: on paper always the light ones.
const palette = (paper) => {
  const probe = make("span", { class: paper ? "light" : "theme" });
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(
    ["ink", "muted", "line", "surface", "accent", "waste", "pale", "found"].map((name) => [name, colour(name)]),
  );
  colours.series = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => colour(`c${number}`));
  probe.remove();
  return colours;
};

// Lines of text for a tooltip, never markup.
const lines = (title, rows) => {
  const box = make("div", { class: "tip" }, make("strong", {}, title));
  for (const row of rows) box.append(make("div", {}, row));
  return box;
};

class Chart {
  // `build` makes the options from colours and the width there is; `height` may depend on it.
  constructor(id, build) {
    this.element = document.getElementById(id);
    this.build = build;
    this.chart = echarts.init(this.element, null, { renderer: "svg" });
    this.draw(false);
    let width = this.element.clientWidth;
    new ResizeObserver(() => {
      if (this.paper || this.element.clientWidth === width || !this.element.clientWidth) return;
      width = this.element.clientWidth;
      this.draw(false);
    }).observe(this.element);
  }

  draw(paper) {
    this.paper = paper;
    const colours = palette(paper);
    const width = this.element.clientWidth;
    const { height, ...options } = this.build(colours, width);
    if (height) this.element.style.height = `${height}px`;
    this.chart.resize({ width, height: this.element.clientHeight });
    this.chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colours.ink },
      ...options,
      tooltip: {
        backgroundColor: colours.surface, borderColor: colours.line, textStyle: { color: colours.ink, fontSize: 12 },
        confine: true, ...options.tooltip,
      },
      aria: { enabled: true, decal: { show: options.decal === true, decals: [{ symbol: "none" }] }, label: { description: options.description } },
    }, { notMerge: true });
    // So that the picture scales with the paper.
    const svg = this.element.querySelector("svg");
    svg?.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }
}

const axes = (colours) => ({
  axisLine: { lineStyle: { color: colours.line } },
  axisTick: { show: false },
  axisLabel: { color: colours.muted },
  splitLine: { lineStyle: { color: colours.line, width: 0.5 } },
  nameTextStyle: { color: colours.muted },
});

const components = (parts) => (colours, width) => {
  const known = parts.filter((part) => part.usd !== null);
  return {
    description: `Cost by component: ${parts.map((part) => `${part.name} ${part.usd === null ? "unknown" : money(part.usd)}`).join(", ")}`,
    height: 30 + 36 * parts.length,
    grid: { left: 8, right: 78, top: 4, bottom: 4, containLabel: true },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category", inverse: true, data: parts.map((part) => part.name), ...axes(colours),
      axisLabel: { color: colours.ink, fontSize: width < 400 ? 11 : 12 },
    },
    tooltip: { formatter: (at) => lines(at.name, [parts[at.dataIndex].usd === null ? "unknown" : money(parts[at.dataIndex].usd)]) },
    series: [{
      type: "bar", name: "Cost", barWidth: 18, itemStyle: { color: colours.accent },
      data: parts.map((part) => part.usd),
      label: { show: true, position: "right", color: colours.ink, formatter: (at) => money(at.value) },
    }],
    title: known.length ? undefined : { text: "unknown" },
  };
};

const waterfall = (data) => (colours, width) => {
  const wide = width > 640;
  const rows = [{ label: "Cost today", paid: data.current }];
  let left = data.current;
  const step = (label, low, high) => {
    left = Math.max(0, left - high);
    rows.push({ label, base: left, range: high - low, low, text: range(low, high) });
  };
  data.steps.forEach((each) => step(each.label, each.low, each.high));
  if (data.others) step(`${counted(data.others)} more steps`, data.others_low, data.others_high);
  rows.push({ label: "Cost after all", paid: data.left_low, range: data.left_high - data.left_low, text: range(data.left_low, data.left_high) });
  const series = (name, style, key, more = {}) => ({
    type: "bar", name, stack: "cost", barWidth: wide ? 16 : 12, itemStyle: style,
    data: rows.map((row) => row[key] || null), ...more,
  });
  const hatch = { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 3], rotation: -Math.PI / 4, color: colours.waste };
  const label = (row) => row.text ?? money(row.paid);
  return {
    decal: true,
    description: `From ${money(data.current)} a month today to ${range(data.left_low, data.left_high)} after ${data.steps.length + data.others} steps.`,
    height: 40 + (wide ? 28 : 44) * rows.length,
    grid: { left: 8, right: wide ? 150 : 8, top: 4, bottom: 24, containLabel: wide },
    xAxis: { type: "value", min: 0, max: data.current || undefined, ...axes(colours), axisLabel: { color: colours.muted, formatter: shortMoney, hideOverlap: true }, splitNumber: wide ? 5 : 3 },
    yAxis: {
      type: "category", inverse: true, data: rows.map((row) => row.label), ...axes(colours),
      axisLabel: {
        color: colours.ink, overflow: "truncate",
        ...(wide
          ? { width: Math.min(380, width * 0.38) }
          : { inside: true, align: "left", verticalAlign: "bottom", padding: [0, 0, 10, -4], width: width - 24, formatter: (text, at) => `${label(rows[at])} · ${text}` }),
      },
      z: 10,
    },
    tooltip: { trigger: "axis", axisPointer: { type: "none" }, formatter: ([at]) => lines(rows[at.dataIndex].label, [label(rows[at.dataIndex])]) },
    series: [
      series("before", { color: "transparent" }, "base", { silent: true }),
      series("paid", { color: colours.accent }, "paid"),
      series("range", { color: colours.pale, decal: hatch }, "range"),
      series("low", { color: colours.waste }, "low"),
      // The labels' own bar: without length, at the end of each row.
      {
        type: "bar", name: "labels", stack: "cost", silent: true,
        data: wide ? rows.map(() => 0) : [],
        label: { show: wide, position: "right", color: colours.ink, formatter: (at) => label(rows[at.dataIndex]) },
      },
    ],
  };
};

const overTime = (data, choice) => (colours, width) => {
  const at = (index, step) => (data.start * 1000) + index * step;
  // A value between two gaps has no line to be seen by: it gets a dot.
  const points = (values, times) => values.map((value, index) => ({
    value: [times(index), value === null ? null : value / GB],
    ...(value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? { symbol: "circle" } : {}),
  }));
  const days = (index) => Date.parse(`${data.days[index]}T00:00:00Z`);
  const one = data.gateways[choice];
  const drawn = one ? [one] : data.gateways.slice(0, data.together);
  const hourly = Boolean(one?.hourly);
  const line = (name, values, times, index) => ({
    type: "line", name, symbol: "none", symbolSize: 4, connectNulls: false, lineStyle: { width: 1.5 },
    color: colours.series[index % colours.series.length], data: points(values, times),
    ...(drawn.length === 1 ? { areaStyle: { opacity: 0.12 } } : {}),
  });
  const hours = (hour) => at(hour, HOUR);
  const series = drawn.map((gateway, index) => (hourly ? line(gateway.label, gateway.hourly, hours, index) : line(gateway.label, gateway.daily, days, index)));
  const services = one?.services ?? [];
  if (services.length) {
    // The total as a line above its parts.
    Object.assign(series[0], { name: "all, by CloudWatch", color: colours.ink, areaStyle: undefined, lineStyle: { width: 1.5 }, z: 3 });
    services.forEach((service, index) => series.push({
      ...line(service.name, service.hourly, hours, index), stack: "services", lineStyle: { width: 0 }, areaStyle: { opacity: 0.75 },
    }));
  }
  const legends = series.length > 1 ? Math.ceil(series.length / Math.max(1, Math.floor(width / (services.length ? 150 : 330)))) : 0;
  return {
    description: `Processed bytes of ${drawn.map((gateway) => gateway.label).join(", ")}, by ${hourly ? "hour" : "day"}.`,
    height: 250 + 24 * legends,
    legend: legends ? { bottom: 0, left: 0, itemGap: 12, icon: "roundRect", itemHeight: 3, textStyle: { color: colours.ink, width: Math.min(280, width - 60), overflow: "truncate" } } : undefined,
    grid: { left: 8, right: 14, top: 28, bottom: 10 + 24 * legends, containLabel: true },
    xAxis: { type: "time", ...axes(colours), splitLine: { show: false }, axisLabel: { color: colours.muted, hideOverlap: true, formatter: { year: "{yyyy}", month: "{MMM} {d}", day: "{MMM} {d}", hour: "{HH}:{mm}" } } },
    yAxis: { type: "value", name: hourly ? "GB an hour" : "GB a day", ...axes(colours), nameTextStyle: { color: colours.muted, align: "left" }, axisLabel: { color: colours.muted, formatter: (value) => value.toLocaleString("en-US", { maximumFractionDigits: 2 }) } },
    useUTC: true,
    tooltip: {
      trigger: "axis",
      formatter: (found) => lines(
        new Date(found[0].value[0]).toISOString().slice(0, hourly ? 16 : 10).replace("T", " "),
        found.map((each) => `${each.seriesName}: ${gigabytes(each.value[1])}`),
      ),
    },
    series,
  };
};

// Bands from subnets through gateways to services.
const flows = (data) => (colours, available) => {
  const width = Math.max(available, 620);
  const columns = [["subnet", data.subnets], ["gateway", data.gateways], ["service", data.services]];
  const colour = [colours.series[7], colours.accent, colours.series[2]];
  const tallest = Math.max(...columns.map(([, bands]) => bands.length));
  return {
    height: Math.max(240, 30 * tallest + 30),
    description: `From ${data.subnets.length} subnets through ${data.gateways.length} gateways to ${data.services.length} services.`,
    tooltip: {
      formatter: (found) => (found.dataType === "edge"
        ? lines(`${found.data.labels[0]} to ${found.data.labels[1]}`, [gigabytes(found.data.value)])
        : lines(found.data.label_text, [gigabytes(found.value)])),
    },
    series: [{
      type: "sankey", left: 4, right: Math.min(190, width * 0.2), top: 8, bottom: 8, nodeWidth: 12, nodeGap: 10, draggable: false, emphasis: { focus: "adjacency" },
      layoutIterations: 48, lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
      label: { color: colours.ink, fontSize: 11, width: Math.min(230, width * 0.24), overflow: "truncate", formatter: (at) => at.data.label_text },
      data: columns.flatMap(([kind, bands], depth) => bands.map((band, index) => ({
        name: `${kind} ${index}`, label_text: band.label, depth, itemStyle: { color: colour[depth] },
      }))),
      links: data.links.map((link) => ({
        source: link.enters ? `subnet ${link.from}` : `gateway ${link.from}`,
        target: link.enters ? `gateway ${link.to}` : `service ${link.to}`,
        value: link.bytes / GB,
        labels: link.enters ? [data.subnets[link.from].label, data.gateways[link.to].label] : [data.gateways[link.from].label, data.services[link.to].label],
      })),
    }],
  };
};

const startCharts = (data) => {
  const charts = [];
  const add = (id, build) => {
    if (!document.getElementById(id)) return null;
    const chart = new Chart(id, build);
    charts.push(chart);
    return chart;
  };
  // A list to choose from, above a chart.
  const choose = (chart, label, options, chosen) => {
    if (!chart || options.length < 2) return;
    const select = make("select", {}, ...options.map(([value, text]) => make("option", { value }, text)));
    select.addEventListener("change", () => { chart.build = chosen(select.value); chart.draw(false); });
    chart.element.closest("figure").querySelector("figcaption").after(make("div", { class: "controls" }, make("label", {}, label, select)));
  };

  add("chart-components", components(data.components));
  add("chart-waterfall", waterfall(data.waterfall));
  const series = data.series;
  const time = add("chart-series", overTime(series, series.gateways.length === 1 ? 0 : null));
  if (series.gateways.length > 1) {
    const together = Math.min(series.together, series.gateways.length);
    choose(time, "NAT gateway", [
      ["", `The largest ${together}, by day`],
      ...series.gateways.map((gateway, index) => [String(index), `${gateway.label}, by ${gateway.hourly ? "hour" : "day"}`]),
    ], (value) => overTime(series, value === "" ? null : Number(value)));
  }
  if (data.flows) add("chart-flows", flows(data.flows));
  startMaps(data.maps, add, choose);

  const redraw = (paper) => charts.forEach((chart) => chart.draw(paper));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw(false));
  addEventListener("beforeprint", () => redraw(true));
  addEventListener("afterprint", () => redraw(false));
};
