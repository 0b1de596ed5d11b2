"""Files that a company brings: dialogues with a mapping of who is who, and call records of its telephones."""
