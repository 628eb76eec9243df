// The table of claims: filter by verdict and by text, sort by a column, open the one linked to.

"use strict";

function startClaims() {
  const table = document.getElementById("claims-table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const verdict = document.getElementById("claims-verdict");
  const text = document.getElementById("claims-text");
  const count = document.getElementById("claims-count");
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function filter() {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (!verdict.value || row.dataset.verdict === verdict.value) && words.get(row).includes(wanted);
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} claims`;
  }

  function sort(column) {
    const heading = table.tHead.rows[0].cells[column];
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const cell of table.tHead.rows[0].cells) {
      cell.removeAttribute("aria-sort");
    }
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim();
    const order = (one, other) => key(one).localeCompare(key(other), "en", { numeric: true });
    rows.sort((one, other) => (descending ? order(other, one) : order(one, other)));
    body.append(...rows);
  }

  function openLinked() {
    const row = rows.find((one) => `#${one.id}` === location.hash);
    if (row) {
      verdict.value = "";
      text.value = "";
      filter();
      row.querySelector("details").open = true;
      row.scrollIntoView();
    }
  }

  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sort(heading.cellIndex));
    heading.replaceChildren(button);
  }
  verdict.addEventListener("change", filter);
  text.addEventListener("input", filter);
  addEventListener("hashchange", openLinked);
  filter();
  openLinked();
}
