"""Fuzzing by coverage: `python -m tests.fuzz TARGET` feeds a target with bytes that atheris makes up."""
