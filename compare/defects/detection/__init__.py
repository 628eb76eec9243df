"""What the lanes of a certificate, and usual tests, see of a defect."""
