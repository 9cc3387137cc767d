"""What tables of any lab mean: columns, layouts, orders of angles, and the options that say so."""
