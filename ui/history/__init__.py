"""The history page: an address that says what is shown, lists that lead to a run, a run in full."""
