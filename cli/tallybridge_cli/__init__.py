"""The command line of Tallybridge."""
