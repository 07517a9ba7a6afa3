"""The questions that analysts ask of a roster or of a frame."""
