"""HTTP to Salesforce: requests, retries, and what answers mean."""
