"""The sandbox: AWS in process and stand-ins for Zuora and NetSuite. Never deployed, never imported by the product."""
