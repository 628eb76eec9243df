"""Defects that either side may have, by what it takes to see them."""
