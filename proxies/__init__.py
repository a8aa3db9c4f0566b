"""Those who speak for somebody: one module per kind of model, and one for the user.

Importing this package imports no provider's SDK; each assistant proxy's module imports its own.
"""
