"""How the tap gets and renews its access token: OAuth flows, and errors of logins."""
