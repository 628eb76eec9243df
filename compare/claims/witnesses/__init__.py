"""The three witnesses and their findings on checks."""
