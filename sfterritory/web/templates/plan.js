"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const number = (text) => parseFloat(text.replace(/[,+]/g, "").replace("\u2212", "-"));

  /* Sorting: a heading becomes a button; the column of a heading is counted over both head rows. */
  const columnOf = (th) => {
    const table = th.closest("table");
    const taken = [];
    let found = 0;
    [...table.tHead.rows].forEach((row, r) => {
      let column = 0;
      [...row.cells].forEach((cell) => {
        while (taken[r] && taken[r][column]) column++;
        if (cell === th) found = column;
        for (let y = r; y < r + cell.rowSpan; y++)
          for (let x = column; x < column + cell.colSpan; x++) (taken[y] ||= [])[x] = true;
        column += cell.colSpan;
      });
    });
    return found;
  };
  const sort = (th) => {
    const table = th.closest("table");
    const body = table.tBodies[0];
    const column = columnOf(th);
    const isNumber = th.classList.contains("n");
    const down = th.getAttribute("aria-sort") ? th.getAttribute("aria-sort") === "ascending" : isNumber;
    const keyed = [...body.rows].map((row, at) => {
      const text = row.cells[column].textContent;
      return { row, at, key: isNumber ? number(text) || 0 : text.toLowerCase() };
    });
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (down ? -1 : 1) || a.at - b.at);
    body.append(...keyed.map((line) => line.row));
    table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    th.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
  document.querySelectorAll("table.sortable th[data-sort]").forEach((th) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...th.childNodes);
    th.append(button);
    button.addEventListener("click", () => sort(th));
  });

  /* Filtering over every group; text is collected once, when it is first asked for. */
  const tools = byId("tools");
  if (!tools) return;
  tools.hidden = false;
  const groups = [...document.querySelectorAll("#changes details.group")];
  let lines = null;
  const collect = () =>
    groups.flatMap((group) => {
      const owner = group.querySelector("summary b").textContent;
      return [...group.querySelectorAll("tbody tr")].map((row) => ({
        row, group, sign: row.cells[0].textContent[0], text: (owner + " " + row.textContent).toLowerCase(),
      }));
    });
  const apply = () => {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const sign = byId("action").value;
    const active = words.length > 0 || sign !== "";
    lines ||= collect();
    const hits = new Map(groups.map((group) => [group, 0]));
    let total = 0;
    for (const line of lines) {
      const hit = (!sign || line.sign === sign) && words.every((word) => line.text.includes(word));
      line.row.hidden = !hit;
      if (hit) { total++; hits.set(line.group, hits.get(line.group) + 1); }
    }
    for (const [group, found] of hits) {
      group.hidden = active && found === 0;
      if (active && total <= 500) group.open = found > 0;
    }
    byId("found").textContent = active ? total.toLocaleString("en") + " of " + lines.length.toLocaleString("en") + " shown" : "";
  };
  let timer = 0;
  byId("filter").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 150); });
  byId("action").addEventListener("change", apply);
  tools.addEventListener("submit", (event) => event.preventDefault());
  byId("open").addEventListener("click", () => groups.forEach((group) => { group.open = true; }));
  byId("close").addEventListener("click", () => groups.forEach((group) => { group.open = false; }));
})();
