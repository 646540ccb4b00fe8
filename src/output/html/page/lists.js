// Tables: sorting, filtering and paging over all rows of the report, of which the page itself shows the first.
// A row's HTML was made, and everything of an account in it escaped, by the program that wrote this file.
"use strict";

const say = (text) => { document.getElementById("said").textContent = text; };

const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
};

const counted = (number) => number.toLocaleString("en-US");

// What the templates write for characters that mean something in HTML, so that a search finds them in a row.
const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

// Rows that can be shown without paging.
const MOST_AT_ONCE = 1000;

class List {
  constructor(data, pageSize) {
    this.data = data;
    this.rows = data.rows;
    this.paged = pageSize;
    this.pageSize = pageSize;
    this.root = document.querySelector(`[data-list="${data.id}"]`);
    this.body = this.root.querySelector("tbody");
    this.order = this.rows.map((_, index) => index);
    this.shown = this.order;
    this.page = 0;
    this.sorted = null;
    this.values = data.facets.map(() => "");
    this.words = "";
    // Elements that were made once are kept, so that what a reader opened stays open.
    this.elements = new Map();
    [...this.body.rows].forEach((row, index) => this.elements.set(index, row));
    if (this.rows.length > 1) {
      this.addSorting();
      if (this.rows.length > 5) this.addFilters();
    }
    this.root.querySelector(".cut")?.remove();
    this.pager = make("nav", { class: "pager", "aria-label": `Pages: ${this.title}` });
    this.root.append(this.pager);
    this.addCopying();
    this.showPager();
  }

  get title() { return this.root.querySelector("caption").textContent; }

  addSorting() {
    [...this.root.querySelectorAll("table.rows > thead th")].forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      button.addEventListener("click", () => this.sort(column));
      head.append(button);
    });
  }

  sort(column) {
    const number = this.rows.some((row) => typeof row.keys[column] === "number");
    // Figures start with the largest, words with the first.
    let up = !number;
    if (this.sorted?.column === column) up = !this.sorted.up;
    this.sorted = { column, up };
    const sign = up ? 1 : -1;
    const collator = new Intl.Collator("en", { numeric: true });
    this.order.sort((a, b) => {
      const [x, y] = [this.rows[a].keys[column], this.rows[b].keys[column]];
      if (x === null || y === null) return (x === null) - (y === null) || a - b;
      return sign * (number ? x - y : collator.compare(x, y)) || a - b;
    });
    const heads = [...this.root.querySelectorAll("table.rows > thead th")];
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
    this.filter();
    say(`${this.title}: sorted by ${heads[column].textContent}, ${up ? "ascending" : "descending"}`);
  }

  addFilters() {
    const controls = make("div", { class: "controls" });
    const search = make("input", { type: "search", placeholder: "Words, names, ids", "aria-label": `Search: ${this.title}` });
    let timer = 0;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { this.words = search.value; this.filter(); }, 120);
    });
    controls.append(make("label", {}, "Search", search));
    this.data.facets.forEach((name, facet) => {
      const counts = new Map();
      for (const row of this.rows) counts.set(row.facets[facet], (counts.get(row.facets[facet]) ?? 0) + 1);
      if (counts.size < 2) return;
      const select = make("select", { "aria-label": `${name}: ${this.title}` }, make("option", { value: "" }, "all"));
      for (const [value, count] of [...counts].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))) {
        select.append(make("option", { value }, `${value} (${counted(count)})`));
      }
      select.addEventListener("change", () => { this.values[facet] = select.value; this.filter(); });
      controls.append(make("label", {}, name, select));
    });
    this.tally = make("span", { class: "tally" });
    controls.append(this.tally);
    this.controls = controls;
    this.root.prepend(controls);
  }

  // A row's words, without its markup; made when first looked for.
  textOf(row) {
    row.text ??= row.html.replace(/<[^>]*>/g, " ").toLowerCase();
    return row.text;
  }

  filter() {
    const words = escaped(this.words.trim().toLowerCase()).split(/\s+/).filter(Boolean);
    this.shown = this.order.filter((index) => {
      const row = this.rows[index];
      return this.values.every((value, facet) => value === "" || row.facets[facet] === value)
        && (words.length === 0 || words.every((word) => this.textOf(row).includes(word)));
    });
    this.page = 0;
    this.show();
    say(`${this.title}: ${counted(this.shown.length)} of ${counted(this.rows.length)}`);
  }

  element(index) {
    let element = this.elements.get(index);
    if (!element) {
      const template = document.createElement("template");
      template.innerHTML = this.rows[index].html;
      element = template.content.firstElementChild;
      this.elements.set(index, element);
    }
    return element;
  }

  get pages() { return Math.max(1, Math.ceil(this.shown.length / this.pageSize)); }

  show() {
    if (this.shown.length > MOST_AT_ONCE) this.pageSize = this.paged;
    const start = this.page === 0 ? 0 : this.page * this.pageSize;
    this.body.replaceChildren(...this.shown.slice(start, start + this.pageSize).map((index) => this.element(index)));
    if (this.shown.length === 0) {
      const columns = this.root.querySelectorAll("table.rows > thead th").length;
      this.body.append(make("tr", {}, make("td", { colspan: String(columns), class: "none" }, "Nothing matches.")));
    }
    this.addCopying();
    this.showPager();
  }

  showPager() {
    if (this.tally) {
      const all = this.shown.length === this.rows.length;
      this.tally.textContent = all ? `${counted(this.rows.length)} rows` : `${counted(this.shown.length)} of ${counted(this.rows.length)} rows`;
    }
    this.pager.hidden = this.shown.length <= this.paged;
    const go = (text, page) => {
      const button = make("button", { type: "button", disabled: page < 0 || page >= this.pages }, text);
      button.addEventListener("click", () => this.goTo(page));
      return button;
    };
    const start = this.page === 0 ? 0 : this.page * this.pageSize;
    const last = Math.min(this.shown.length, start + this.pageSize);
    this.pager.replaceChildren(
      go("First", this.page === 0 ? -1 : 0),
      go("Previous", this.page - 1),
      make("span", {}, `${counted(start + 1)} to ${counted(last)} of ${counted(this.shown.length)}`),
      go("Next", this.page + 1),
      go("Last", this.page === this.pages - 1 ? -1 : this.pages - 1),
      ...this.allOrSome(),
    );
  }

  // All rows at once, for paper: where they are not too many for a browser to lay out.
  allOrSome() {
    const all = this.pageSize === Infinity;
    if (!all && this.shown.length > MOST_AT_ONCE) return [];
    const button = make("button", { type: "button" }, all ? "By pages" : "Show all");
    button.addEventListener("click", () => {
      this.pageSize = all ? this.paged : Infinity;
      this.goTo(0);
    });
    return [button];
  }

  goTo(page) {
    this.page = page;
    this.show();
    this.root.scrollIntoView({ block: "start" });
    say(`${this.title}: page ${page + 1} of ${this.pages}`);
  }

  // Shows the row of a number, whatever was filtered or sorted before.
  reveal(index) {
    if (!this.shown.includes(index)) {
      this.controls?.querySelectorAll("input, select").forEach((control) => { control.value = ""; });
      this.words = "";
      this.values.fill("");
      this.filter();
    }
    const page = Math.floor(this.shown.indexOf(index) / this.pageSize);
    if (page !== this.page) { this.page = page; this.show(); }
    const element = this.element(index);
    element.querySelector("details")?.setAttribute("open", "");
    element.scrollIntoView({ block: "start" });
    element.querySelector("summary")?.focus({ preventScroll: true });
  }

  addCopying() {
    for (const block of this.body.querySelectorAll("pre.run:not(.ready)")) {
      block.classList.add("ready");
      const text = block.textContent;
      const button = make("button", { type: "button", class: "copy", "aria-label": `Copy: ${text.slice(0, 60)}` }, "Copy");
      button.addEventListener("click", async () => {
        button.textContent = (await copy(text)) ? "Copied" : "Not copied";
        say(`${button.textContent}: ${text.slice(0, 60)}`);
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      block.append(button);
    }
  }
}

// A page that was opened from a file may not have the clipboard; the old way works there.
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { class: "quiet", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
};
