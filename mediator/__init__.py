"""The script of an exchange, and the mediator that moves along it between the two proxies."""
