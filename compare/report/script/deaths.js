"use strict";

function startDeaths(data) {}
