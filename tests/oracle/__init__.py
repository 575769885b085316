"""Differential tests: random pacts and requests that nearly match, judged by the matching core and by the Rust core.

`generate` makes the cases, `rust` asks the Rust mock server, `differential` compares, `known` names the differences
that are meant, `minimise` makes the others small. `python -m tests.oracle --count 100000 --seed 7` runs it at length.
"""
