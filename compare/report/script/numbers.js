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
  if (value === 0) {
    return "0";
  }
  const [mantissa, exponent] = Math.abs(value).toExponential(digits - 1).split("e");
  const [figures, power] = [mantissa.replace(".", ""), Number(exponent)];
  const beyond = power < -3 || power >= 6;
  const shift = beyond ? 0 : power; // how many figures after the first stand before the point
  const whole = shift < 0 ? "0" : figures.padEnd(shift + 1, "0").slice(0, shift + 1);
  const fraction = (shift < 0 ? "0".repeat(-shift - 1) + figures : figures.slice(shift + 1)).replace(/0+$/, "");
  const text = count(whole) + (fraction && `.${fraction}`) + (beyond ? `e${power}` : "");
  return `${value < 0 ? "-" : ""}${text}`.replaceAll("-", "\u2212");
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
