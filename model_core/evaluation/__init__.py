"""Published metrics, and what each method predicts on clips whose truth is known."""
