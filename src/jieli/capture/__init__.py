"""The only way in: what a connector read is judged by the gate, then deposited or tallied as refused."""
