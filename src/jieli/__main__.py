"""`python -m jieli` is the command `jieli`."""

from jieli.doors.cli import main

main()
