"""What the steps of payments and refunds share: methods and accounts, applications, requests."""
