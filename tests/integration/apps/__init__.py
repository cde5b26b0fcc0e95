"""Applications that are not ours, as anyone might write them with the CDK: they know nothing of this project."""
