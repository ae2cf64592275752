"""What the Lambda functions do: one module each, called by functions/<name>/app.py."""
