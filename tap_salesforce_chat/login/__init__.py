"""How the tap gets and renews its access token: OAuth flows, and what a refusal means."""
