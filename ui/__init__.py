"""The pages: each follows what happens in the log and shows it; none runs an exchange."""
