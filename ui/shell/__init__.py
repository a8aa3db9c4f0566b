"""What stands around the conversation: its style, its keyboard, its clipboard and its voice."""
