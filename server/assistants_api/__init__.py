"""The Assistants API (v2) over Parley's core, for clients that were written against OpenAI's."""
