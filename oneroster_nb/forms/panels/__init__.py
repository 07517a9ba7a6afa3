"""The parts of the form."""
