"""What a user proxy can run: the registry of function tools, and the functions Parley ships."""
