"""The deployable: one CDK app, one module a component, deployed alike to AWS and to the emulator."""
