// Start what the page has; whatever needs the script is hidden until then.

"use strict";

for (const element of document.querySelectorAll("[data-scripted]")) {
  element.hidden = false;
}
const given = document.getElementById("data");
if (given) {
  const data = JSON.parse(given.textContent);
  startExploring(data);
  if (data.runs.length) {
    startRuns(data);
  }
}
if (document.getElementById("claims-table")) {
  startClaims();
}
