"""From claim files to claims."""
