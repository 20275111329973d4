"""The foreground daemon: start, run, drain, stop."""
