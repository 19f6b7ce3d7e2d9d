"""What leaves the knowledge base: listings and the terminal."""
