"""The operator's desk: what a person may ask of an installation and do with it, for the command line and the console alike.

Functions take a `Target` (which installation) and, where something is done, the name of the person who does it.
"""
