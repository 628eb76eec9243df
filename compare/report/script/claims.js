// The list of claims: found by words, verdict and source; put into another order; the one linked to opened.

"use strict";

function startClaims() {
  const list = document.getElementById("claims-list");
  const rows = [...list.children];
  const [text, verdict, source, order] = ["text", "verdict", "source", "order"].map((name) =>
    document.getElementById(`claims-${name}`),
  );
  const output = document.getElementById("claims-count");
  const all = document.getElementById("claims-all");
  const words = new Map(rows.map((row) => [row, searchable(row.textContent)]));
  let showing = new Set(rows);

  /** Show the rows with all of the words, in any order; only rows that come or go are touched, which keeps it quick. */
  function filter() {
    const wanted = searchable(text.value).split(/\s+/);
    const fits = (row) =>
      (!verdict.value || row.dataset.verdict === verdict.value) &&
      (!source.value || row.dataset.source === source.value) &&
      wanted.every((word) => words.get(row).includes(word));
    const fitting = new Set(rows.filter(fits));
    for (const row of rows) {
      if (fitting.has(row) !== showing.has(row)) {
        row.hidden = !fitting.has(row);
      }
    }
    showing = fitting;
    const hint = fitting.size ? "" : ": none has all of these words, this verdict and this source; fewer words may find more";
    output.textContent = `${count(fitting.size)} of ${count(rows.length)} claims${hint}`;
    all.hidden = fitting.size === rows.length;
  }

  function clear() {
    for (const field of [text, verdict, source]) {
      field.value = "";
    }
    filter();
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
      clear();
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
  all.addEventListener("click", () => {
    clear();
    text.focus(); // as the button is gone
  });
  addEventListener("hashchange", openLinked);
  openForPrint(rows);
  filter();
  openLinked();
}

/** Text as it is searched: whatever its case, with minus signs as they are typed, and powers without their sign. */
function searchable(content) {
  return content.trim().normalize("NFKC").toLowerCase().replaceAll("\u2212", "-").replaceAll(/\^|\*\*/g, "");
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
