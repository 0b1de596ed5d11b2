"""Settings, databases, and which connector fills which port."""
