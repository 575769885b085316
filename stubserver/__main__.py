"""`python -m stubserver`."""

from stubserver.cli import main

main()
