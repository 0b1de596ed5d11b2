"""Outside systems, each behind the port of the room that needs it."""
