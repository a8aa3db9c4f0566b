"""Parley's vocabulary, and the way in for programs: `start_conversation`."""

from conversation.facade import Conversation, start_conversation

__all__ = ["Conversation", "start_conversation"]
