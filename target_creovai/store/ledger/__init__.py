"""What became of each conversation, and which are due."""
