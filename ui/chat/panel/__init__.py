"""How an exchange ran, beside the messages."""
