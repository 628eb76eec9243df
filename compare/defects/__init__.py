"""The gallery of planted defects: what the certificate sees, and what the usual tests see."""
