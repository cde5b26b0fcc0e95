"""Lambda functions as processes: AWS's own runtime client on the unpacked zip, served the Lambda Runtime API."""
