"""What a certificate would have seen, and which other runs see what it does not."""
