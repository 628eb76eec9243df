"""The planted defects, by where they are."""
