"""What the API server costs, over real HTTP, against what it stands on."""
