"""Engines that run compiled rules over records."""
