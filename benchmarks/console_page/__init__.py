"""What is made of the console beside its figures."""
