"""What a sweep leaves for people: files, table, picture."""
