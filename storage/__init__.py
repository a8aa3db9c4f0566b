"""What is kept: tables and their migrations, the writer, the store and its in-memory twin."""
