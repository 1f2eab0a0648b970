"""Fault tests: real processes on the test's database, killed at the worst moments. See `harness`."""
