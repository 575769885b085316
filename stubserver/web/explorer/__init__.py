"""The explorer over HTTP: which page is asked for, by whom, and what it shows."""
