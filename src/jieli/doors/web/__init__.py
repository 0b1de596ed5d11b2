"""What console and portal share: one look, one way of signing in, one way of answering errors."""
