"""The ways in: command line, console, portal. Only here is the clock read."""
