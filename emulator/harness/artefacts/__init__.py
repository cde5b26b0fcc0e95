"""What is kept of a failing test: what the site, the queues, the emulator and the browsers had to tell, without secrets."""
