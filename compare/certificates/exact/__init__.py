"""The exact lane: where nothing is rounded, every implementation must give the exact rational."""
