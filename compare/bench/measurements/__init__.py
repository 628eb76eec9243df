"""What is measured, a group a file."""
