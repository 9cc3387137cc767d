"""The moving pictures of the README and the site: what each shows, and how it becomes a file."""
