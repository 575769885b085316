"""Benchmarks: `make bench`. How to run and read them is in README.md beside this file."""
