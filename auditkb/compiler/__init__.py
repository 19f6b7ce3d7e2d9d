"""Checked rule -> SQL of an engine, written by our own generator, never transpiled."""
