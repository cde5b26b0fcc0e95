"""AWS FIS: experiments whose actions act."""
