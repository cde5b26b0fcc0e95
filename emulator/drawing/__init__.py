"""From facts to pictures: pure, and the same for the console, and for the timeline of a failing test."""
