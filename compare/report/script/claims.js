// The list of claims: found by words, verdict and source; put into another order; the one linked to opened.

"use strict";

function startClaims() {
  const list = document.getElementById("claims-list");
  const rows = [...list.children];
  const [text, verdict, source, order] = ["text", "verdict", "source", "order"].map((name) =>
    document.getElementById(`claims-${name}`),
  );
  const output = document.getElementById("claims-count");
  const words = new Map(rows.map((row) => [row, searchable(row.textContent)]));

  function filter() {
    const wanted = searchable(text.value.trim());
    let shown = 0;
    for (const row of rows) {
      const fits =
        (!verdict.value || row.dataset.verdict === verdict.value) &&
        (!source.value || row.dataset.source === source.value) &&
        words.get(row).includes(wanted);
      if (row.hidden === fits) {
        row.hidden = !fits;
      }
      shown += fits;
    }
    output.textContent = `${count(shown)} of ${count(rows.length)} claims`;
  }

  /** Order the rows by one of their numbers; a row without it stays last, and equal ones as in their sources. */
  function sort() {
    const descending = order.value.startsWith("-");
    const name = order.value.replace("-", "");
    const key = (row) => (name in row.dataset ? Number(row.dataset[name]) : NaN);
    rows.sort((one, other) => {
      const [first, second] = descending ? [key(other), key(one)] : [key(one), key(other)];
      const missing = Number.isNaN(key(one)) - Number.isNaN(key(other));
      return missing || (first < second ? -1 : first > second ? 1 : one.dataset.place - other.dataset.place);
    });
    list.append(...rows);
  }

  function openLinked() {
    const row = rows.find((one) => `#${one.id}` === location.hash);
    if (row) {
      for (const field of [text, verdict, source]) {
        field.value = "";
      }
      filter();
      row.querySelector("details").open = true;
      row.scrollIntoView();
      row.querySelector("summary").focus({ preventScroll: true });
    }
  }

  for (const link of list.querySelectorAll(".show-me a")) {
    link.parentElement.hidden = false;
    link.addEventListener("click", () => {
      if (link.hash === location.hash) {
        followAddress(); // as nothing else will
      }
    });
  }
  // From the first use of the controls on rows out of sight are not laid out, so that typing stays quick.
  const inUse = () => list.classList.add("in-use");
  for (const field of [text, verdict, source, order]) {
    field.addEventListener("focus", inUse, { once: true });
  }
  text.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  source.addEventListener("change", filter);
  order.addEventListener("change", sort);
  addEventListener("hashchange", openLinked);
  openForPrint(rows);
  filter();
  openLinked();
}

/** Text as it is searched: whatever its case, and with minus signs as they are typed. */
function searchable(content) {
  return content.toLowerCase().replaceAll("\u2212", "-");
}

/** On paper the claims that are not simply true are open, and closed again afterwards. */
function openForPrint(rows) {
  let opened = [];
  addEventListener("beforeprint", () => {
    const matter = rows.filter((row) => row.dataset.verdict === "refuted" || row.dataset.verdict === "conditional");
    opened = matter.map((row) => row.querySelector("details")).filter((details) => !details.open);
    for (const details of opened) {
      details.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const details of opened) {
      details.open = false;
    }
  });
}
