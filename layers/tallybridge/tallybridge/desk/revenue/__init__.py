"""The revenue connector of one installation, as people work on it: instances, schedules, runs and their files."""
