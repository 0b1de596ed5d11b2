"""The staff's door: registers, gaps, reading, the book."""
