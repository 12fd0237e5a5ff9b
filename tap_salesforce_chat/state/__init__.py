"""STATE: its keys, how a bookmark moves, what a sync reads, and which states are refused."""
