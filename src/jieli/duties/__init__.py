"""Who owes what to whom, by when, under which article, and the proof that it was done: every deadline of the house."""
