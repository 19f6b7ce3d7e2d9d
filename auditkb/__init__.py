"""auditkb: an audit-findings knowledge base with rule-based compliance checks."""

__version__ = "0.1.0"
