"""What defects are tried on."""
