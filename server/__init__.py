"""The doors for programs: FastAPI applications over the same core as the pages."""
