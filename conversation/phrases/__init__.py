"""The sentences about exchanges, one module for each language they are told in."""
