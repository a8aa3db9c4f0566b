"""How a function tells the model, in plain words, that it can't do what was asked."""


class ToolFailed(Exception):
    """An expected failure; its text is for the model, which may mend the call or explain."""
