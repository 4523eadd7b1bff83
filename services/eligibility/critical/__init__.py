"""Where the conditions of a package change: their leaves, and the values of a fact around which one turns."""
