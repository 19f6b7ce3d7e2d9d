"""Published reports read into one form: sections, paragraphs, tables, figures, candidate findings."""
