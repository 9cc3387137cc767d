"""The site: the repository's pages brought together by MkDocs, and the check of what it built."""
