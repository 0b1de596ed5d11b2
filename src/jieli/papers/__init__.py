"""Every document the house issues or receives: rendered, hashed, kept, and found again by its digest.

Who may come in: any room above, with a paper it received or with the data of one it issues. What it promises: a
paper's bytes never change unseen, the same data always give the same bytes, and text that people wrote is printed
as text, whatever it holds.
"""
