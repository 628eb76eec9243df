"""Where a claim's verdict flips."""
