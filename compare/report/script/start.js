// Start what the page has; whatever needs the script is hidden until then, and what
// stands in for it afterwards.

"use strict";

for (const element of document.querySelectorAll("[data-scripted], [data-unscripted]")) {
  element.hidden = "unscripted" in element.dataset;
}
const given = document.getElementById("data");
if (given) {
  const data = JSON.parse(given.textContent);
  startVotes(data);
  startReach(data);
  startDeaths(data);
  if (data.runs.length) {
    startRuns(data);
  }
}
if (document.getElementById("claims-list")) {
  startClaims();
}
addEventListener("hashchange", followAddress);
followAddress();
