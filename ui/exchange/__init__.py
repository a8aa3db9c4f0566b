"""What both pages show of one exchange."""
