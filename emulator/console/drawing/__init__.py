"""From facts to pictures: pure, and the same for the page, a failing test's timeline and the gate's report."""
