"""From files and flags to a sweep."""
