"""The demo behind `make demo`: a whole org, the real job, and what arrived."""
