// Unpacks the report's data, and sets the page going.
"use strict";

const unpack = async () => {
  const packed = Uint8Array.from(atob(document.getElementById("data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
};

const start = async () => {
  const data = await unpack();
  const lists = new Map(data.lists.filter((list) => list.rows.length > 0).map((list) => [list.id, new List(list, data.page)]));

  // A link to a finding leads to its row on whichever page that is.
  const follow = () => {
    const number = /^#finding-(\d+)$/.exec(location.hash)?.[1];
    if (number) lists.get("findings")?.reveal(Number(number) - 1);
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#finding-"]');
    if (link && link.hash === location.hash) follow();
  });

  startCharts(data.charts);
  follow();

  // Paper shows what is folded away on the screen: the findings whole, and the figures of charts.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll('[data-list="findings"] details:not([open]), figure > details:not([open])')];
    folded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }));

  // A box that scrolls sideways can be reached by the keyboard.
  const reach = () => document.querySelectorAll(".scroll").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `${box.querySelector("caption")?.textContent ?? "Picture"}, scrolls sideways`);
    } else if (box.tabIndex === 0) {
      ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    }
  });
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, { capture: true });
  reach();

  document.documentElement.dataset.ready = "yes";
};

start().catch((error) => {
  document.body.prepend(Object.assign(document.createElement("p"), {
    className: "broken",
    textContent: "This browser cannot unpack the report's data: charts, sorting and the rows after the first ones are missing.",
  }));
  throw error;
});
