"""A person's own door: what is recorded about him and what not, who looked, what he agreed to; open after he left."""
