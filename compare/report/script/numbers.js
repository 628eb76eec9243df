// One way to write numbers, everywhere on the page.

"use strict";

/**
 * A number in few characters: three digits that count, powers of ten below a thousandth and from
 * a million on, commas between thousands, a true minus sign, never -0.
 */
function plain(value, digits = 3) {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "not a number" : value > 0 ? "infinity" : "\u2212infinity";
  }
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size === 0) {
    return "0";
  }
  const [whole, fraction] = size < 1e-3 || size >= 1e6 ? [size.toExponential()] : String(size).split(".");
  const grouped = whole.includes("e") ? whole.replace("+", "") : whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return `${rounded < 0 ? "-" : ""}${text}`.replaceAll("-", "\u2212");
}

/** A whole number with commas between thousands. */
function count(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A share in per cent, never rounded to 0 or 100. */
function percent(share) {
  if (share === 0 || share === 1) {
    return `${100 * share} %`;
  }
  const text = plain(100 * share, share > 0.1 ? 3 : 2);
  return text === "100" ? "more than 99.9 %" : `${text} %`;
}
