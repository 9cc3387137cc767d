"""What ``train`` trains: SAGE, FLAG and the network of postures."""
