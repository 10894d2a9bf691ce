"""Methods: one pure step each."""
