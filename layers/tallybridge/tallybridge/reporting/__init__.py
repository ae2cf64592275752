"""What a finished run tells its operator: control totals, summary, report page and mail.

Pure functions: they read the data of `tallybridge.sync.runlog` and return text; storing and sending is the caller's.
Nothing is imported here, so that a function that only needs the totals does not load the page or mail machinery.
"""
