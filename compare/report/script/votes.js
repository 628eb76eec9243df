"use strict";

function startVotes(data) {}
