"""The reference over many seeds and many starts, and the shares of them."""
