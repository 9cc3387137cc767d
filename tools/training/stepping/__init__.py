"""How a training step runs: its learning rate by steps or by the clock, the optimizer, and a GPU's recorded graph."""
