"""What holds for the tree as a whole: which room may know which, and that each module stands alone."""
