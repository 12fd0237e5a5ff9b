"""From what an org describes to the schemas and streams of a run."""
