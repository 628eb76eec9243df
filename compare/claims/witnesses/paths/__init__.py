"""The path of states that a witness saw, and what it says of a check."""
