"""What can be taken away, as text: pure functions over records, rows and events.

Each yields pieces, so that whoever writes them to a file or a socket holds no file whole.
"""
