// The state of a figure in the page's address, so that it can be shared: #figure=reach&w=-10&...

"use strict";

const FIGURES = new Map(); // what to call with the values in an address, by the id of the figure's section
let addressing = null; // the timer of the state that is to be written into the address

/** Let an address put a figure's values; the answer writes them into the address, unless another was followed since. */
function shareAddress(id, put) {
  FIGURES.set(id, put);
  return (values) => {
    const before = location.hash;
    const write = () => location.hash === before && history.replaceState(null, "", `#${addressOf(id, values)}`);
    clearTimeout(addressing); // browsers limit how often an address may change
    addressing = setTimeout(write, 250);
  };
}

function addressOf(id, values) {
  return new URLSearchParams({ figure: id, ...values }).toString();
}

/** Put what the address says, and bring that figure into view, from its controls on. */
function followAddress() {
  const { figure, ...values } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const put = FIGURES.get(figure);
  if (put) {
    put(values);
    const section = document.getElementById(figure);
    (section.querySelector("[data-view]") ?? section).scrollIntoView();
  }
}
