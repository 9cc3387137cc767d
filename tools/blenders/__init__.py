"""The Blenders that the tests run in: their versions, and an environment for each."""
