"""Numbers of methods, one table per family; they check themselves."""
