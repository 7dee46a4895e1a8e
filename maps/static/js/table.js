// A table that sorts by its heads and follows what is chosen.

// columns: {key: row => value to sort by}; cells: row => <td> elements.
export function sortable(table, { id, cells, order, choose }) {
  const body = table.tBodies[0];
  let rows = [];
  let key = order;
  let falling = false;
  let current = null;
  const lines = new Map();

  function compare(one, other) {
    const [a, b] = [one[key], other[key]];
    if (a === b) return String(id(one)).localeCompare(String(id(other)));
    if (a === null || a === undefined) return 1;
    if (b === null || b === undefined) return -1;
    const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b), "zh-CN");
    return falling ? -order : order;
  }

  function draw() {
    const place = document.createDocumentFragment();
    lines.clear();
    for (const row of [...rows].sort(compare)) {
      const line = document.createElement("tr");
      line.dataset.id = id(row);
      line.append(...cells(row));
      if (id(row) === current) line.setAttribute("aria-current", "true");
      lines.set(id(row), line);
      place.append(line);
    }
    body.replaceChildren(place);
    for (const head of table.tHead.querySelectorAll("button[data-key]")) {
      const cell = head.closest("th");
      if (head.dataset.key === key) cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
  }

  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("button[data-key]");
    if (!head) return;
    falling = head.dataset.key === key ? !falling : false;
    key = head.dataset.key;
    draw();
  });
  body.addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    if (line && choose) choose(line.dataset.id);
  });

  return {
    set(next) {
      rows = next;
      draw();
    },
    mark(which) {
      if (lines.has(current)) lines.get(current).removeAttribute("aria-current");
      current = which;
      const line = lines.get(which);
      if (!line) return;
      line.setAttribute("aria-current", "true");
      if (window.matchMedia("(min-width: 761px)").matches) line.scrollIntoView({ block: "nearest" });
    },
  };
}
