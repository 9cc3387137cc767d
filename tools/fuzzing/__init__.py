"""Valid and adversarial recordings for ``fuzz``."""
