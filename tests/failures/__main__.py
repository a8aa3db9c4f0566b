"""Writes docs/failures.md: `python -m tests.failures`."""

from tests.failures.document import FILE, document

FILE.write_text(document(), encoding="utf-8")
