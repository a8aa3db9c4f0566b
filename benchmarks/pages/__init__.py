"""How quick the chat page is, how smoothly it follows answers, and what it keeps of them."""
