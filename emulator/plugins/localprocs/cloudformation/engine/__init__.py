"""How a stack comes to be what its template says: side by side where it can, all of it or nothing."""
