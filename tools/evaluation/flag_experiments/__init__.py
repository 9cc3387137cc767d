"""The FLAG paper's experiments at our data's size: networks to compare with, tables 1 to 5, figures 3 and 7."""
