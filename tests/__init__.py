"""One folder per app, plus e2e/ (a real browser), faults/ (killed processes) and bench/ (times)."""
