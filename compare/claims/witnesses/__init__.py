"""What each of the three witnesses says of a check."""
