"""HTTP to Creovai: requests, certificates, and what answers mean."""
