"""What `prepare` shows of its work: a report on the skeletons and a sheet of pictures."""
