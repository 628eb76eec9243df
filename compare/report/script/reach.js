"use strict";

function startReach(data) {}
