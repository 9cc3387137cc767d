"""The engine behind a pipe: messages, and the process that answers them."""
