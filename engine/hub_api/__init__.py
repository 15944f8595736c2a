"""How users' wallets reach the hub: HTTP on this machine alone, described by OpenAPI."""
