"""What the commands share: command line, terminal, signals, files and folders."""
