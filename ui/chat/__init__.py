"""The chat page: a visit and its outbox, the transcript and its tellings, the pump."""
