// The sortable, paged table of a class's answers. Text only ever enters through textContent.
const PAGE = 100;

export function makeTable(table, pager, pageText, open) {
  const body = table.tBodies[0];
  let rows = [];
  let page = 0;

  function cell(tr, text, className) {
    const td = tr.insertCell();
    td.textContent = text;
    if (className) td.className = className;
    return td;
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    body.replaceChildren();
    for (const row of rows.slice(page * PAGE, (page + 1) * PAGE)) {
      const tr = body.insertRow();
      cell(tr, row.row);
      cell(tr, row.id);
      const badge = document.createElement("span");
      badge.className = `badge g${row.grade}`;
      badge.textContent = row.grade;
      cell(tr, "").append(badge);
      cell(tr, `${Math.round(row.sure * 100)} %`, "num");
      cell(tr, row.gpa.toFixed(2), "num");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = "What would help";
      button.setAttribute("aria-label", `What would help student ${row.id}`);
      button.addEventListener("click", () => open(row.features));
      cell(tr, "").append(button);
    }
    pager.hidden = pages === 1;
    pageText.textContent = `Page ${page + 1} of ${pages}`;
    pager.firstElementChild.disabled = page === 0;
    pager.lastElementChild.disabled = page === pages - 1;
  }

  const natural = new Intl.Collator(undefined, { numeric: true }).compare;
  function sort(key, direction) {
    const text = key === "id";
    rows.sort((a, b) => direction * (text ? natural(a.id, b.id) : Number(a[key] > b[key]) - Number(a[key] < b[key])) || a.row - b.row);
    for (const th of table.tHead.rows[0].cells) {
      if (th.dataset.key) th.setAttribute("aria-sort", th.dataset.key !== key ? "none" : direction > 0 ? "ascending" : "descending");
    }
    page = 0;
    draw();
  }

  table.tHead.addEventListener("click", (event) => {
    const th = event.target.closest("th[data-key]");
    if (!th) return;
    sort(th.dataset.key, th.getAttribute("aria-sort") === "ascending" ? -1 : 1);
  });
  pager.firstElementChild.addEventListener("click", () => { page -= 1; draw(); });
  pager.lastElementChild.addEventListener("click", () => { page += 1; draw(); });

  return {
    fill(answers) {
      rows = answers;
      sort("row", 1);
    },
  };
}
